// Builds the console into the Python package; the Flask service serves it, so nothing here runs in production.
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    vue(),
    Components({ dts: 'src/components.d.ts', dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../gis_grid/console',
    emptyOutDir: true,
    // Chrome 109 is the last one for the Windows 7 and 8 machines still found in community offices.
    target: ['chrome109', 'edge109', 'firefox115', 'safari16'],
    chunkSizeWarningLimit: 1200, // MapLibre alone is 1.1 MB before gzip and is loaded only with the map
  },
  worker: { format: 'es' },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
