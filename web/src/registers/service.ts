// Asking the service about registers. Their own addresses are made of names it tells, so no document can type them.
import { answer, client } from '@/api/client'
import type { BulkOutcome, Key, Page, Register, Row, SavedQuery, Spots, Sums, Version, Where } from './types'

type Call = (path: string, options?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>
const untyped = client as unknown as Record<'GET' | 'POST' | 'PATCH' | 'DELETE', Call>
const own = (register: string, key?: Key, verb = '') =>
  `/api/${register}/${key === undefined ? '' : encodeURIComponent(key)}${verb && `/${verb}`}`
const seen = (version: number) => ({ headers: { 'If-Match': `"${version}"` } })

export interface Asked {
  where?: Where | null
  columns?: string[]
  sort?: string
  after?: string
  limit?: number
  told?: boolean
  total?: boolean
  retired?: boolean
}

export const listRegisters = async () => (await answer<{ items: Register[] }>(client.GET('/api/queries/registers'))).items

export function ask(name: string, asked: Asked, signal?: AbortSignal): Promise<Page> {
  const body = asked as never
  return answer<Page>(client.POST('/api/queries/ask/{name}', { params: { path: { name } }, body, signal }))
}

export function sumUp(name: string, where: Where | null, signal?: AbortSignal): Promise<Sums> {
  const body = { where } as never
  return answer<Sums>(client.POST('/api/queries/sums/{name}', { params: { path: { name } }, body, signal }))
}

export function spots(name: string, where: Where | null, bounds: number[], zoom: number, signal?: AbortSignal): Promise<Spots> {
  const body = { where: where as Record<string, never> | null, bounds, zoom }
  return answer<Spots>(client.POST('/api/queries/spots/{name}', { params: { path: { name } }, body, signal }))
}

export const find = (register: string, key: Key) => answer<Row>(untyped.GET(own(register, key)))
export const keep = (register: string, body: object) => answer<Row>(untyped.POST(own(register), { body }))
export const change = (register: string, key: Key, version: number, body: object) =>
  answer<Row>(untyped.PATCH(own(register, key), { body, ...seen(version) }))
export const retire = (register: string, key: Key, version: number) => answer(untyped.DELETE(own(register, key), seen(version)))
export const undo = (register: string, key: Key, version: number) =>
  answer<Row>(untyped.POST(own(register, key, 'undo'), seen(version)))
/** Why a record belongs to its grid, in a sentence; empty where that is not answered: the record itself is shown all the same. */
export const whyThere = (register: string, key: Key): Promise<string> =>
  answer<{ sentence: string | null }>(untyped.GET(own(register, key, 'why'))).then(({ sentence }) => sentence ?? '', () => '')
export const versions = (register: string, key: Key) =>
  answer<{ items: Version[]; may_undo: boolean }>(untyped.GET(own(register, key, 'versions')))

export function changeMany(
  name: string,
  rows: { key: Key; version?: number }[],
  values: object,
  options: { dry_run: boolean; batch?: string | null },
): Promise<BulkOutcome> {
  const body = { rows, values, ...options } as never
  return answer<BulkOutcome>(client.POST('/api/queries/bulk/{name}', { params: { path: { name } }, body }))
}

export const undoBatch = (batch: string) =>
  answer<{ undone: number; refused: { key: string; why: string }[] }>(
    client.POST('/api/queries/batches/{batch}/undo', { params: { path: { batch } } }),
  )

export async function listSaved(register: string): Promise<SavedQuery[]> {
  const query = { kind: 'query' as const, register }
  return (await answer<{ items: SavedQuery[] }>(client.GET('/api/queries/saved', { params: { query } }))).items
}

export function saveQuery(register: string, name: string, definition: object, area_code: string | null): Promise<SavedQuery> {
  const body = { kind: 'query' as const, register: register as never, name, definition: definition as Record<string, never>, area_code }
  return answer<SavedQuery>(client.POST('/api/queries/saved', { body }))
}

export const forgetQuery = (key: number) =>
  answer(client.DELETE('/api/queries/saved/{key}', { params: { path: { key } } }))

export interface Exportable {
  columns: { key: string; label: string }[]
  formats: ('xlsx' | 'csv' | 'pdf' | 'geojson')[]
  may_unmask: boolean
}

export const exportable = (name: string) =>
  answer<Exportable>(client.GET('/api/sheets/export/{name}', { params: { path: { name } } }))

export function startExport(name: string, wanted: object): Promise<{ id: number }> {
  return answer<{ id: number }>(client.POST('/api/sheets/export/{name}', { params: { path: { name } }, body: wanted as never }))
}
