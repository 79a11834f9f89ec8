// After the build: the page that shows the API document, from our own files (no CDN).
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

const source = resolve(import.meta.dirname, '../node_modules/rapidoc/dist/rapidoc-min.js')
const target = resolve(import.meta.dirname, '../../gis_grid/console/api-docs/rapidoc-min.js')
await copyFile(source, target)
const text = await readFile(target, 'utf8')
await writeFile(target, text.replace(/^\/\/# sourceMappingURL=.*$/m, ''))
