// Prints with what of them is no longer true.
import { dayOf } from '@/moments'
import type { BoardArea, Template, Way } from './boards'

export interface Stale {
  print_id: number
  area_name: string
  changed: string[]
}

export interface Print {
  id: number
  version: number
  area_code: string
  area_name: string
  parent_name: string
  template: string
  template_title: string
  orientation: Way
  theme: string | null
  made_by: string
  made_on: string
  place: string | null
  hung_at: string | null
  at: { lon: number; lat: number } | null
  changed: string[]
  photo: boolean
}

/** What is known of prints beside their rows: which are out of date, which have a photo, how templates are called. */
export interface Known {
  stale: readonly Stale[]
  photographed: readonly number[]
  templates: readonly Pick<Template, 'name' | 'title' | 'own'>[]
}

/** The register's rows in the console's words, those out of date first, then the newest. */
export function printsOf(rows: readonly Record<string, unknown>[], known: Known, areas: readonly BoardArea[]): Print[] {
  const changed = new Map(known.stale.map((one) => [one.print_id, one]))
  const titles = new Map(known.templates.map(({ name, title, own }) => [name, own ? name : title]))
  const photographed = new Set(known.photographed)
  const byCode = new Map(areas.map((area) => [area.code, area]))
  const made = rows.map((row): Print => {
    const found = changed.get(row.id as number)
    const area = byCode.get(row.area_code as string)
    const point = row.point as { coordinates: [number, number] } | null
    return {
      id: row.id as number,
      version: row.version as number,
      area_code: row.area_code as string,
      area_name: area?.name ?? found?.area_name ?? String(row.area_code),
      parent_name: byCode.get(area?.parent ?? '')?.name ?? '',
      template: row.template as string,
      template_title: titles.get(row.template as string) ?? String(row.template),
      orientation: row.orientation as Way,
      theme: ((row.content as { theme?: string | null } | undefined)?.theme ?? null) || null,
      made_by: row.made_by as string,
      made_on: dayOf(String(row.created_at)),
      place: row.place as string | null,
      hung_at: row.hung_at as string | null,
      at: point ? { lon: point.coordinates[0], lat: point.coordinates[1] } : null,
      changed: found?.changed ?? [],
      photo: photographed.has(row.id as number),
    }
  })
  return made.sort((a, b) => Number(b.changed.length > 0) - Number(a.changed.length > 0) || b.id - a.id)
}
