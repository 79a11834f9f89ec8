// After the build: the page that shows the API document, and what pages that open without internet carry; our own files (no CDN).
import { copyFile, cp } from 'node:fs/promises'
import { resolve } from 'node:path'

for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
  const source = resolve(import.meta.dirname, '../node_modules/swagger-ui-dist', name)
  await copyFile(source, resolve(import.meta.dirname, '../../gis_grid/console/api-docs', name))
}

for (const name of ['leaflet.js', 'leaflet.css', 'images']) {
  const source = resolve(import.meta.dirname, '../node_modules/leaflet/dist', name)
  await cp(source, resolve(import.meta.dirname, '../../gis_grid/console/leaflet', name), { recursive: true })
}
