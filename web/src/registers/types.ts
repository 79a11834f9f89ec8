// What the service tells of registers and their rows.
export type Kind = 'text' | 'code' | 'codes' | 'number' | 'day' | 'moment' | 'truth' | 'sealed' | 'hidden' | 'age' | 'initials'

export interface RegisterField {
  key: string
  label: string
  kind: Kind
  codes: string | null
  sortable: boolean
  writable: boolean
  required: boolean
  length: number | null
  whole: boolean
  refers: string | null
  bulk: boolean
  measure: boolean
  ops: string[]
}

export interface Register {
  name: string
  title: string
  key: string
  write: boolean
  adds: boolean
  placed: boolean
  point: string | null
  fresh: boolean
  people: boolean
  /** Each row can be asked why it belongs to its grid. */
  explains: boolean
  fields: RegisterField[]
}

export type Key = number | string
export type Value = string | number | boolean | string[] | null | GeoPoint
export interface GeoPoint {
  type: 'Point'
  coordinates: [number, number]
}
export type Row = Record<string, Value | undefined> & { version?: number }

export interface PlaceOfRow {
  lon: number
  lat: number
  address: string | null
}

/** Column -> value -> what the row it refers to is called. */
export type NamesBeside = Record<string, Record<string, string>>

export interface Page {
  items: Row[]
  next: string | null
  total: number | null
  names?: NamesBeside
  places?: Record<string, PlaceOfRow>
}

export interface Sums {
  total: number
  sums: Record<string, number>
}

export interface Spot {
  lon: number
  lat: number
  count: number
  key: Key
  title: string | null
  keys: Key[] | null
}

export interface Spots {
  items: Spot[]
  more: boolean
  exact: boolean
}

export interface Version {
  at: string
  by: string
  action: string
  version: number
  before: Record<string, Value> | null
  after: Record<string, Value> | null
}

export interface SavedQuery {
  id: number
  name: string
  register: string
  owner: string
  mine: boolean
  area_code: string | null
  definition: { where?: Where | null; columns?: string[]; sort?: string; widths?: Record<string, number> }
}

export interface BulkChange {
  key: Key
  title: string
  fields: Record<string, [Value, Value]>
}

export interface BulkOutcome {
  changed: Key[]
  same: Key[]
  refused: { key: Key; title: string; why: string }[]
  batch: string | null
  /** Of a trial: what would become of each record, and the names of what it refers to. */
  changes?: BulkChange[]
  names?: NamesBeside
}

/** The service's query language (gis_grid/query/rules.py). */
export type Where =
  | { all: Where[] }
  | { any: Where[] }
  | { not: Where }
  | { field: string; op: string; value?: unknown }
  | { area: string }
  | { text: string }
  | { fresh: string[] }
  | { near: { lon: number; lat: number; metres: number } }
  | { inside: unknown }
