// Areas for the scope picker: by level from the top, by parent, by name; and their shapes for the map.
import type { Feature, FeatureCollection } from 'geojson'
import { answer, client } from '@/api/client'
import type { Located } from '@/api/types'

export interface Area {
  code: string
  name: string
  level: string
}

const LEVELS = ['district', 'street', 'community', 'grid'] as const
export const LAYERS = { district: 'districts', street: 'streets', community: 'communities', grid: 'grids' } as const
export type Level = (typeof LEVELS)[number]

interface Asked {
  level?: string
  parent_code?: string
  q?: string
}

async function ask(query: Asked, limit = 500): Promise<Area[]> {
  const page = await answer<{ items: Area[] }>(client.GET('/api/areas/', { params: { query: { ...query, sort: 'code', limit } } }))
  return page.items
}

/** The areas one begins with: those of the highest level that the caller has. */
export async function topAreas(): Promise<Area[]> {
  for (const level of LEVELS) {
    const found = await ask({ level })
    if (found.length) return found
  }
  return []
}

export const areasIn = (parent_code: string) => ask({ parent_code })
export const areasLike = (q: string) => ask({ q }, 30)

const known = new Map<string, Area>()

/** An area by its code, each asked once; null where it is not there (any more) or may not be seen. */
export async function areaOf(code: string): Promise<Area | null> {
  const found = known.get(code)
  if (found) return found
  try {
    const area = await answer<Area>(client.GET('/api/areas/{key}', { params: { path: { key: code } } }))
    known.set(code, area)
    return area
  } catch {
    return null
  }
}

/** The area of a level that lies at a place, however far out the map is; null where there is none. */
export async function areaAt(place: { lon: number; lat: number }, level: Level): Promise<Area | null> {
  const { chain } = await answer<Located>(client.GET('/api/locate', { params: { query: place } }))
  return chain.find((area) => area.level === level) ?? null
}

/** The shapes of these areas as they are today, for the map. */
export async function shapesOf(codes: readonly string[]): Promise<FeatureCollection> {
  const shapes = await Promise.all(codes.filter(Boolean).map(shapeOf))
  return { type: 'FeatureCollection', features: shapes.flat() }
}

async function shapeOf(code: string): Promise<Feature[]> {
  const area = await areaOf(code)
  if (!area || !(area.level in LAYERS)) return []
  const asked = new URLSearchParams({ code, limit: '1' })
  const found = await fetch(`/collections/${LAYERS[area.level as Level]}/items?${asked}`, { headers: { Accept: 'application/geo+json' } })
  return found.ok ? ((await found.json()) as FeatureCollection).features : []
}

/** Codes without those that lie in another of them: a community says all its grids. */
export function withoutInner(codes: readonly string[]): string[] {
  return codes.filter((code) => !codes.some((other) => other !== code && code.startsWith(other)))
}
