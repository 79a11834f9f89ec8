// After the build: each text file once more as Brotli and gzip, so that the service only picks (gis_grid/pages.py).
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const CONSOLE = resolve(import.meta.dirname, '../../gis_grid/console')
const LEAST_BYTES = 1000 // below that the headers cost more
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }

for (const name of await readdir(CONSOLE, { recursive: true })) {
  if (!/\.(js|css|html|svg|json|txt)$/.test(name)) continue
  const content = await readFile(resolve(CONSOLE, name))
  if (content.length < LEAST_BYTES) continue
  await writeFile(resolve(CONSOLE, `${name}.br`), brotliCompressSync(content, BROTLI))
  await writeFile(resolve(CONSOLE, `${name}.gz`), gzipSync(content, { level: 9 }))
}
