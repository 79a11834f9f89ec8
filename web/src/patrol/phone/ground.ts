// The ground under the walk, kept in the phone: what the service's layers say of my area, drawn with the layers' own styles.
import type { FeatureCollection } from 'geojson'
import { answer, client } from '@/api/client'
import type { Bounds, Layer, MapInfo, StyleObject } from '@/api/types'
import { drawn } from '@/map/style'

export interface GroundLayer {
  name: string
  data: FeatureCollection
  styles: StyleObject[]
}

export interface Ground {
  bounds: Bounds
  layers: GroundLayer[]
  walk: StyleObject[]
}

const SHOWN = ['green', 'water', 'roads', 'buildings', 'grids'] // from below
const WALK = 'tracks'
const MOST = 1_000
const WIDEST_DEGREES = 0.12 // larger areas are not walked on foot; the map then shows the walk only

/** What lies within the caller's area; null where he has none. */
export async function fetchGround(): Promise<Ground | null> {
  const [info, { layers }] = await Promise.all([
    answer<MapInfo>(client.GET('/api/map')),
    answer<{ layers: Layer[] }>(client.GET('/api/layers')),
  ])
  if (!info.bounds) return null
  const walk = stylesOf(layers.find(({ name }) => name === WALK))
  if (isTooWide(info.bounds)) return { bounds: info.bounds, layers: [], walk }
  const bbox = info.bounds.join(',')
  const mine = SHOWN.flatMap((name) => layers.filter((layer) => layer.name === name))
  const found = await Promise.all(
    mine.map(async (layer) => {
      const given = { params: { path: { name: layer.name }, query: { bbox, limit: MOST } as never } }
      const data = await answer<FeatureCollection>(client.GET('/collections/{name}/items', given))
      return { name: layer.name, data: only(data), styles: stylesOf(layer) }
    }),
  )
  return { bounds: info.bounds, layers: found, walk }
}

export function isTooWide([west, south, east, north]: Bounds): boolean {
  return east - west > WIDEST_DEGREES || north - south > WIDEST_DEGREES
}

/** The layer's drawing objects, freed of their tiles: they draw the page's own data. */
export function stylesOf(layer: Layer | undefined): StyleObject[] {
  if (!layer) return []
  return drawn(layer, true).map((style) => {
    const { id: _, source: __, 'source-layer': ___, ...own } = style as StyleObject & { id: string; source: string }
    return own as StyleObject
  })
}

/** Shapes and values only: links and times of the answer are not kept. */
function only({ features }: FeatureCollection): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: features.map(({ id, geometry, properties }) => ({
      type: 'Feature',
      id,
      geometry,
      properties: { ...properties, id },
    })),
  }
}
