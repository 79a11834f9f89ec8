// The parts of the area one is in, drawn so that they can be seen and clicked at every zoom; and colours laid on them.
import type { FeatureCollection } from 'geojson'
import type { ExpressionSpecification, FillLayerSpecification, LayerSpecification } from 'maplibre-gl'
import type { Layer } from '@/api/types'
import type { AreaItem } from './areas'
import { radiusOf } from './classes'
import { LOCAL_FONTS_BOLD, sourceOf } from './style'
import type { AreaValue } from './theme'

export const LAYER_OF_LEVEL: Readonly<Record<string, string>> = {
  district: 'districts',
  street: 'streets',
  community: 'communities',
  grid: 'grids',
}
type Colour = ExpressionSpecification | string | null
const BRAND = '#1a5fa8'
const BUBBLE = '#c2410c'

/** Whether a layer shows areas, so that a click on nothing else means the area. */
export function isArea(layer: Layer): boolean {
  return Object.values(LAYER_OF_LEVEL).includes(layer.name)
}

export function layerOfLevel(level: string | undefined, layers: readonly Layer[]): Layer | undefined {
  return layers.find(({ name }) => name === LAYER_OF_LEVEL[level ?? ''])
}

/** Fills (clickable, coloured by `color`) and edges of these areas, from their level's own tiles. */
export function partLayers(layer: Layer, codes: readonly string[], color: Colour): LayerSpecification[] {
  if (!codes.length) return []
  const only = ['match', ['get', 'code'], codes, true, false] as unknown as ExpressionSpecification // looked up, not walked through
  return shapeLayers({ source: sourceOf(layer), 'source-layer': layer.name, filter: only }, color)
}

/** The same from the overlay of whole shapes, for views so wide that the level's tiles do not begin yet. */
export function farLayers(layer: Layer, source: string, color: Colour): LayerSpecification[] {
  return shapeLayers({ source, maxzoom: layer.minzoom }, color).map((style) => ({ ...style, id: `far-${style.id}` }))
}

function shapeLayers(from: { source: string } & Partial<FillLayerSpecification>, color: Colour): LayerSpecification[] {
  return [
    { ...from, id: 'fill', type: 'fill', paint: { 'fill-color': color ?? BRAND, 'fill-opacity': color ? 0.72 : 0.001 } },
    {
      ...(from as { source: string }),
      id: 'edge',
      type: 'line',
      layout: { 'line-join': 'round' },
      paint: { 'line-color': color ? '#ffffff' : BRAND, 'line-width': color ? 1.4 : 2.4, 'line-opacity': 0.9 },
    },
  ]
}

/** Names of the parts, above the others: where the level's own name would stand at the same place, it gives way. */
const PART_NAME: LayerSpecification = {
  id: 'name',
  type: 'symbol',
  source: '',
  layout: {
    'text-field': ['get', 'name'],
    'text-font': LOCAL_FONTS_BOLD,
    'text-size': ['interpolate', ['linear'], ['zoom'], 11, 14, 17, 17],
    'text-max-width': 7,
  },
  paint: { 'text-color': '#134a85', 'text-halo-color': '#ffffff', 'text-halo-width': 2.2 },
}

const MANY = 200
const NEAR_ZOOM = 14

/** The parts' names; those of very many, say all grids of a district, would hide the colours until one is near. */
export function partNames(count: number): LayerSpecification {
  return count > MANY ? { ...PART_NAME, minzoom: NEAR_ZOOM } : PART_NAME
}

export function namePoints(parts: readonly AreaItem[]): FeatureCollection {
  return points(parts, ({ code, name }) => ({ id: code, code, name }))
}

/** A circle per area whose surface is in proportion to its value; the largest first, so that small ones stay on top. */
export function bubblePoints(parts: readonly AreaItem[], values: readonly AreaValue[], texts: ReadonlyMap<string, string>): FeatureCollection {
  const known = new Map(values.map(({ code, value }) => [code, value]))
  const largest = Math.max(0, ...[...known.values()].map((value) => value ?? 0))
  const sorted = [...parts].sort((one, other) => (known.get(other.code) ?? 0) - (known.get(one.code) ?? 0))
  return points(sorted, ({ code, name }) => ({
    id: code,
    code,
    name,
    radius: radiusOf(known.get(code) ?? 0, largest),
    text: texts.get(code) ?? '',
  }))
}

export const BUBBLE_STYLES: LayerSpecification[] = [
  {
    id: 'bubble',
    type: 'circle',
    source: '',
    paint: {
      'circle-radius': ['get', 'radius'],
      'circle-color': BUBBLE,
      'circle-opacity': 0.62,
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': 1.5,
    },
  },
  {
    id: 'value',
    type: 'symbol',
    source: '',
    layout: { 'text-field': ['get', 'text'], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 14 },
    paint: { 'text-color': '#3b1404', 'text-halo-color': '#ffffff', 'text-halo-width': 1.6 },
  },
]

function points(parts: readonly AreaItem[], told: (part: AreaItem) => Record<string, unknown>): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: parts.flatMap((part) =>
      part.lon === null || part.lat === null
        ? []
        : [{ type: 'Feature' as const, geometry: { type: 'Point' as const, coordinates: [part.lon, part.lat] }, properties: told(part) }],
    ),
  }
}
