// Writes src/api/schema.d.ts from the service's OpenAPI document: npm run client -- openapi.json [target.d.ts]
// (the document: `gis-grid openapi > openapi.json`). Only what the console's sources ask for is kept, so that a change
// elsewhere in the service leaves the client alone.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const SOURCES = `${import.meta.dirname}/../src`
const CALL = /client\.(GET|POST|PUT|PATCH|DELETE)\(\s*'([^']+)'/g

/** What the console's sources ask for: path -> methods. */
async function askedInSources() {
  const files = (await readdir(SOURCES, { recursive: true })).filter((name) => /\.(ts|vue)$/.test(name)).sort()
  const found = {}
  for (const name of files)
    for (const [, method, path] of (await readFile(`${SOURCES}/${name}`, 'utf8')).matchAll(CALL))
      found[path] = [...new Set([...(found[path] ?? []), method.toLowerCase()])].sort()
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Adds to `kept` whatever the value refers to, directly or through others. */
function keep(value, document, kept) {
  for (const [, name, item] of JSON.stringify(value).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    if (kept[name]?.[item]) continue
    const found = document.components[name]?.[item]
    if (!found) throw new Error(`The document refers to ${name}/${item} and does not hold it`)
    kept[name] = { ...kept[name], [item]: found }
    keep(found, document, kept)
  }
  return kept
}

const source = resolve(process.argv[2] ?? '../openapi.json')
const target = resolve(process.argv[3] ?? `${import.meta.dirname}/../src/api/schema.d.ts`)
const document = JSON.parse(await readFile(source, 'utf8'))

/** The asked methods of one path, and its parameters. */
function asked(path, methods) {
  const found = document.paths[path] ?? {}
  const missing = methods.filter((method) => !found[method])
  if (missing.length) throw new Error(`The service does not answer ${missing.join(', ')} ${path}`)
  return Object.fromEntries(Object.entries(found).filter(([key]) => key === 'parameters' || methods.includes(key)))
}

const paths = Object.fromEntries(Object.entries(await askedInSources()).map(([path, methods]) => [path, asked(path, methods)]))
const schema = await openapiTS({ ...document, paths, components: keep(paths, document, {}) }, { alphabetize: true })
await writeFile(target, COMMENT_HEADER + astToString(schema))
console.log(`${target} written from ${source}`)
