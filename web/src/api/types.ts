// What the service answers, in the console's words.
import type { LayerSpecification } from 'maplibre-gl'

export interface User {
  id: number
  username: string
  name: string
  rights: string[]
  scopes: string[]
  must_change_password: boolean
  demo: boolean
  second_factor: boolean
}

export interface Policy {
  idle_lock_minutes: number
  password_length: number
  second_factor_required: boolean
}

export interface Session {
  user: User
  csrf: string
  /** What must be done before anything else: unlock, give the one-time code, set one-time codes up. */
  waits: 'locked' | 'code' | 'enrol' | null
  policy: Policy
}

export type Bounds = [west: number, south: number, east: number, north: number]

export interface MapInfo {
  bounds: Bounds | null
  review_number: string | null
  source: string | null
  publisher: string | null
  demo: boolean
  /** What lies below our own layers, when set. */
  basemap?: Basemap | null
}

export interface Basemap {
  title: string
  kind: 'tiles' | 'pmtiles'
  /** One list of addresses per layer, the bottom first. */
  layers: string[][]
  maxzoom: number
}

export interface Field {
  name: string
  label: string
  unit?: string | null
  dictionary?: string | null
}

export interface LegendEntry {
  label: string
  color: string
  shape: string
}

/** One style object of a layer file: a MapLibre layer that leaves its source to the console. */
export type StyleObject = Omit<LayerSpecification, 'id' | 'source'> & { id?: string; 'source-layer'?: string }

export interface Layer {
  name: string
  title: string
  group: string
  minzoom: number
  maxzoom: number
  visible: boolean
  /** Its answer depends on the day. */
  dated?: boolean
  about?: string
  fields: Field[]
  style: StyleObject[]
  legend: LegendEntry[]
}

export interface SearchItem {
  kind: string
  id: number | string
  title: string
  subtitle?: string | null
  /** Nothing for what has no place yet. */
  lon: number | null
  lat: number | null
  bounds?: Bounds | null
  area_code?: string | null
  /** Where rooms and people are: their house-status page. */
  building_id?: number | null
  room_id?: number | null
}

export interface ChainLink {
  level: string
  level_name: string
  code: string
  name: string
}

export interface Responsible {
  name: string
  post: string
  post_name: string
  duty_phone?: string | null
  area_code: string
  area_name: string
}

export interface Located {
  code: string | null
  placed_by: string | null
  chain: ChainLink[]
  responsible: Responsible[]
  in_scope?: boolean
  /** Who stands in where nobody is in office for the lowest area. */
  vacancy?: string | null
  why?: { sentence?: string | null } | null
}

export interface DictionaryList {
  list: string
  entries: { code: string; name: string; retired?: boolean }[]
}

export interface StatusRule {
  trait: string
  label: string
  mark: string
  color: string
  pattern: string
  count: number
}

/** A cell of the house-status diagram: a room, or a gap in the record. Rows and columns count from 0, the top floor first. */
export interface StatusCell {
  kind: 'room' | 'gap'
  id?: number
  row: number
  col: number
  rows: number
  cols: number
  number: string
  floor: string
  unit: string
  text: string
  mark: string
  traits: string[]
  hit: boolean | null
  shops: string[]
  heads: string[]
  households: number
  persons: number
  use_name?: string
  freshness_name?: string
  verified_on?: string | null
  verified_by?: string | null
  verified_how?: string | null
  fault?: string | null
}

export interface HouseStatus {
  building: { id: number; title: string; name: string | null; address: string | null; estate_id: number | null; estate: string | null }
  columns: number
  floors: { title: string; kind: string }[]
  units: { id: number; name: string; col: number; cols: number; per_door: number }[]
  skipped: number[]
  cells: StatusCell[]
  scheme: string
  schemes: { name: string; title: string; traits: { trait: string; label: string }[] }[]
  legend: StatusRule[]
  counts: { rooms: number; gaps: number; households: number; persons: number; hits: number | null }
  names: 'masked' | 'full'
}
