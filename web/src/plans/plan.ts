// Plans as the service tells them, and what can be asked of it about them.
import { answer, client } from '@/api/client'
import type { components } from '@/api/schema'
import type { Polygons } from './topology'
import type { Size } from './sizes'

export type ChangeBody = components['schemas']['Change']

export interface Score {
  households: number[]
  [name: string]: number | number[]
}

export interface Report {
  moves?: { kind: string; was: string | null; now: string | null; count: number }[]
  staff?: { id: number; name: string; was: string; now: string }[]
  users?: { name: string; was: string[]; now: string[] }[]
  sizes?: { code: string; before: Partial<Size>; after: Partial<Size> }[]
  size_faults?: { code: string; message: string }[]
  unstaffed?: { code: string; message: string }[]
  moved?: { id: number; name: string | null; was: string | null; now: string | null; lon: number; lat: number }[]
  scores?: { present: Score | null; proposed: Score }
}

export interface Plan {
  id: number
  name: string
  area_code: string
  remark: string | null
  status: 'draft' | 'approved' | 'done' | 'withdrawn'
  effective: string | null
  made_by: string
  approved_by: string | null
  undo_of: number | null
  report: Report | null
}

export interface Change {
  code: string
  name: string
  action: string
  action_name: string
  level: string
}

export interface Drafted extends Plan {
  features: { properties: Change }[]
  steps: { undo: string | null; redo: string | null; count: number; last: number }
}

export interface Area {
  code: string
  level: string
  name: string
  kind: string
  parent_code: string | null
  inside: boolean
  changed: boolean
}

export interface Division {
  features: { properties: Area; geometry: { type: string; coordinates: unknown } }[]
  rule: { low: number; high: number }
  levels: { code: string; name: string }[]
  /** The service's day: an office's clock may be wrong. */
  today: string
}

export interface Finding {
  key: string
  kind: string
  label: string
  codes: string[]
  message: string
  mends: { how: string; label: string }[]
  is_new?: boolean
  area_m2?: number
  geometry?: GeoJSON.Geometry
}

export interface Check {
  is_seamless: boolean
  counts: Record<string, number>
  areas: Record<string, number>
  findings: Finding[]
}

/** Kinds that keep a plan from being approved when it brings them. */
export const SERIOUS = new Set(['invalid', 'overlap', 'gap', 'outside_parent', 'uncovered'])

export function polygonsIn({ type, coordinates }: Division['features'][number]['geometry']): Polygons {
  return type === 'Polygon' ? [coordinates as Polygons[number]] : (coordinates as Polygons)
}

const of = (plan_id: number) => ({ params: { path: { plan_id } } })

export const asks = {
  changes: (id: number) => answer<Drafted>(client.GET('/api/plans/{plan_id}/changes', of(id))),
  division: (id: number) => answer<Division>(client.GET('/api/plans/{plan_id}/division', of(id))),
  homes: (id: number) => answer<{ rows: number[][] }>(client.GET('/api/plans/{plan_id}/homes', of(id))),
  change: (id: number, body: ChangeBody) => answer<Drafted>(client.POST('/api/plans/{plan_id}/changes', { ...of(id), body })),
  drop: (plan_id: number, code: string) =>
    answer(client.DELETE('/api/plans/{plan_id}/changes/{code}', { params: { path: { plan_id, code } } })),
  undo: (id: number) => answer<Drafted>(client.POST('/api/plans/{plan_id}/steps/undo', of(id))),
  redo: (id: number) => answer<Drafted>(client.POST('/api/plans/{plan_id}/steps/redo', of(id))),
  check: (id: number, signal: AbortSignal) => answer<Check>(client.GET('/api/plans/{plan_id}/check', { ...of(id), signal })),
  repair: (id: number, key: string, how: string) =>
    answer<Drafted>(client.POST('/api/plans/{plan_id}/repair', { ...of(id), body: { key, how } })),
  dryRun: (id: number) => answer<Report>(client.GET('/api/plans/{plan_id}/dry-run', of(id))),
  approve: (id: number, effective: string) =>
    answer<Plan>(client.POST('/api/plans/{plan_id}/approve', { ...of(id), body: { effective, despite_faults: false } })),
  withdraw: (id: number) => answer<Plan>(client.POST('/api/plans/{plan_id}/withdraw', of(id))),
  undoPlan: (id: number) => answer<Plan>(client.POST('/api/plans/{plan_id}/undo', of(id))),
  sizes: (area_code: string) =>
    answer<{ items: ({ code: string } & Size)[] }>(client.GET('/api/areas/sizes', { params: { query: { area_code } } })),
}
