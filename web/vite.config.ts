// Builds the console into the Python package; the Flask service serves it, so nothing here runs in production.
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const PHONE_WORKER = fileURLToPath(new URL('./src/patrol/worker/worker.ts', import.meta.url))

/** Builds the phone page's service worker as /patrol-worker.js and writes which files that page needs: /patrol-files.json. */
function phonePage(): Plugin {
  return {
    name: 'phone-page',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: PHONE_WORKER, fileName: 'patrol-worker.js' })
    },
    generateBundle(_, bundle) {
      const files = new Set(Object.keys(bundle).filter((name) => name.includes('maplibre-gl-worker')))
      const take = (name: string) => {
        const chunk = bundle[name]
        if (files.has(name) || !chunk) return
        files.add(name)
        if (chunk.type !== 'chunk') return
        chunk.imports.forEach(take)
        chunk.viteMetadata?.importedCss.forEach((css) => files.add(css))
        chunk.viteMetadata?.importedAssets.forEach((asset) => files.add(asset))
      }
      const needs = (id: string | null) => id !== null && (id.endsWith('/index.html') || id.endsWith('/patrol/phone/PhonePage.vue'))
      for (const chunk of Object.values(bundle))
        if (chunk.type === 'chunk' && needs(chunk.facadeModuleId)) take(chunk.fileName)
      const paths = [...files].sort().map((name) => `/${name}`)
      this.emitFile({ type: 'asset', fileName: 'patrol-files.json', source: JSON.stringify(paths) })
    },
  }
}

export default defineConfig({
  plugins: [
    vue(),
    phonePage(),
    Components({ dts: 'src/components.d.ts', dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../gis_grid/console',
    emptyOutDir: true,
    // Chrome 109 and Firefox 115 are the last ones for the Windows 7 and 8 machines still found in community offices;
    // 360 and others there stand on Chrome 108.
    target: ['chrome108', 'edge108', 'firefox102', 'safari16'],
    chunkSizeWarningLimit: 1200, // MapLibre alone is 1.1 MB before gzip and is loaded only with the map
  },
  worker: { format: 'es' },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
