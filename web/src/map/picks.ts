// What a click meant: of all that was drawn near it, each thing once, the most exact first.
import type { Layer } from '@/api/types'
import type { Values } from './attributes'

export interface Found {
  layer: string
  id: number | string
  geometry: string
  values: Values
  /** Pixels between the click and the thing; 0 when the click was inside it. */
  distance: number
}

export interface Pick {
  layer: Layer
  id: number | string
  values: Values
}

function rank(geometry: string): number {
  if (geometry.endsWith('Point')) return 0
  return geometry.endsWith('LineString') ? 1 : 2
}

/** Points before lines before areas; nearer points first; then what lies on top. Background layers are no answer. */
export function picksFrom(found: Found[], layers: Layer[]): Pick[] {
  const height = new Map(layers.map((layer, index) => [layer.name, index]))
  const byName = new Map(layers.map((layer) => [layer.name, layer]))
  const seen = new Set<string>()
  return [...found]
    .sort(
      (a, b) =>
        rank(a.geometry) - rank(b.geometry) ||
        a.distance - b.distance ||
        (height.get(b.layer) ?? 0) - (height.get(a.layer) ?? 0),
    )
    .flatMap(({ layer: name, id, values }) => {
      const layer = byName.get(name)
      const key = `${name}/${id}`
      if (!layer || !isPickable(layer) || seen.has(key)) return []
      seen.add(key)
      return [{ layer, id, values }]
    })
}

/** Layers that tell something about a place; water, greens and roads only carry it. */
export function isPickable(layer: Layer): boolean {
  return layer.fields.length > 0 && !['water', 'green', 'roads'].includes(layer.name)
}
