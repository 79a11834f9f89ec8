// Which layers are on: the service's defaults, corrected by what this user chose on this computer.
import type { Layer } from '@/api/types'

export type Choices = Record<string, boolean>

export function visibleNames(layers: Layer[], choices: Choices): Set<string> {
  return new Set(layers.filter(({ name, visible }) => choices[name] ?? visible).map(({ name }) => name))
}

export interface LayerGroup {
  title: string
  layers: Layer[]
}

/** The panel's order: topics as first met from the top of the map down, layers inside likewise. */
export function layerGroups(layers: Layer[]): LayerGroup[] {
  const groups: LayerGroup[] = []
  for (const layer of [...layers].reverse()) {
    const group = groups.find(({ title }) => title === layer.group)
    if (group) group.layers.push(layer)
    else groups.push({ title: layer.group, layers: [layer] })
  }
  return groups
}

/** Why a layer that is switched on cannot be seen now: the map is too far out ('closer') or too far in ('farther'). */
export function hiddenByZoom(layer: Layer, zoom: number): 'closer' | 'farther' | null {
  const from = Math.min(...layer.style.map((style) => Math.max(style.minzoom ?? 0, layer.minzoom)))
  if (zoom < from) return 'closer'
  const to = Math.max(...layer.style.map((style) => style.maxzoom ?? 24))
  return zoom >= to ? 'farther' : null
}

/** On a thematic map single things are drawn from here on: farther away their dots would hide the colours. */
export const THEME_DETAIL_ZOOM = 16

/** What waits on a thematic map: usual layers above the areas. What is usually off was switched on for this map, and stays. */
export function waitingNames(layers: Layer[], isArea: (layer: Layer) => boolean): Set<string> {
  const areas = layers.findLastIndex(isArea)
  return new Set(layers.slice(areas + 1).filter(({ visible }) => visible).map(({ name }) => name))
}

export function nearer(layers: Layer[], waiting: ReadonlySet<string>): Layer[] {
  return layers.map((layer) => (waiting.has(layer.name) ? { ...layer, minzoom: Math.max(layer.minzoom, THEME_DETAIL_ZOOM) } : layer))
}

const KEY = 'gis-grid.layers'

export function readChoices(storage: Pick<Storage, 'getItem'>): Choices {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return {}
    return Object.fromEntries(Object.entries(stored).filter(([, on]) => typeof on === 'boolean'))
  } catch {
    return {}
  }
}

export function keepChoices(storage: Pick<Storage, 'setItem'>, choices: Choices): void {
  try {
    storage.setItem(KEY, JSON.stringify(choices))
  } catch {
    // private windows may refuse to store; the choice then lasts as long as the page
  }
}
