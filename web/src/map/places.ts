// Where to look for a found place, and which layers may show it.
import type { Bounds, Layer, SearchItem } from '@/api/types'

const LAYERS_OF: Record<string, string[]> = {
  area: ['grids', 'communities', 'streets', 'districts'],
  building: ['buildings'],
  premises: ['premises'],
}

export interface View {
  center: [number, number]
  zoom: number
  bounds: Bounds | null
}

/** Areas are fitted into the window, buildings and shops are shown from near. */
export function viewOf(item: SearchItem): View {
  return {
    center: [item.lon, item.lat],
    zoom: item.kind === 'area' ? 16 : 18,
    bounds: item.kind === 'area' && item.bounds ? item.bounds : null,
  }
}

/** The layers in which the found thing may be drawn; none when this user's layers do not contain it. */
export function layersOf(item: SearchItem, layers: Layer[]): Layer[] {
  const names = LAYERS_OF[item.kind] ?? [item.kind]
  return names.flatMap((name) => layers.filter((layer) => layer.name === name))
}
