// Writes src/api/schema.d.ts from the service's OpenAPI document: npm run client [-- path/to/openapi.json]
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'

const source = resolve(process.argv[2] ?? '../openapi.json')
const target = resolve(import.meta.dirname, '../src/api/schema.d.ts')
const schema = await openapiTS(pathToFileURL(source))
await writeFile(target, COMMENT_HEADER + astToString(schema))
console.log(`${target} written from ${source}`)
