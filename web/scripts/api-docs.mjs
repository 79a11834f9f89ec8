// After the build: the page that shows the API document, from our own files (no CDN).
import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'

for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
  const source = resolve(import.meta.dirname, '../node_modules/swagger-ui-dist', name)
  await copyFile(source, resolve(import.meta.dirname, '../../gis_grid/console/api-docs', name))
}
