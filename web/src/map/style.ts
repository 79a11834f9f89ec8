// Puts the map style together from the layers the service declares: sources, drawing order, local fonts.
import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
  VectorSourceSpecification,
} from 'maplibre-gl'
import type { Layer, StyleObject } from '@/api/types'

/** Names are drawn with fonts of this computer: no glyph server, nothing fetched. */
export const LOCAL_FONTS = [
  'PingFang SC',
  'HarmonyOS Sans SC',
  'Microsoft YaHei',
  'Noto Sans CJK SC',
  'Noto Sans SC',
  'WenQuanYi Micro Hei',
]
/** MapLibre reads the weight out of the first name, so a font that exists nowhere makes the others bold. */
export const LOCAL_FONTS_BOLD = ['GIS Grid Bold', ...LOCAL_FONTS]

export const LAND = '#f5f2ec'
export const FIRST_TILE_ZOOM = 10
const LAST_TILE_ZOOM = 16 // deeper views enlarge these tiles, which are exact to about 15 cm

/** What lies below all our layers: a configured base map. */
export interface Below {
  sources: StyleSpecification['sources']
  layers: LayerSpecification[]
}

const CHINESE_ONLY: Pick<StyleSpecification, 'version' | 'name'> = { version: 8, name: '社区网格' }

/**
 * One source per topic of what is usually shown: few requests, and an edit of one topic leaves the other's cached tiles alone.
 * What is usually off has a source of its own, which is not fetched until somebody switches it on.
 */
export function sourceOf(layer: Layer): string {
  return layer.visible ? `tiles-${layer.group}` : `tiles-${layer.group}-${layer.name}`
}

function tileUrl(layers: Layer[], origin: string, day: string | null): string {
  const dated = day && layers.some((layer) => layer.dated) ? `?at=${day}` : ''
  return `${origin}/tiles/${layers.map(({ name }) => name).join(',')}/{z}/{x}/{y}${dated}`
}

/** The addresses of all tiles on a day (today without one). */
export function sources(layers: Layer[], origin: string, day: string | null = null): Record<string, VectorSourceSpecification> {
  const groups = new Map<string, Layer[]>()
  for (const layer of layers) groups.set(sourceOf(layer), [...(groups.get(sourceOf(layer)) ?? []), layer])
  return Object.fromEntries(
    [...groups].map(([id, members]) => {
      const minzoom = Math.max(FIRST_TILE_ZOOM, Math.min(...members.map((layer) => layer.minzoom)))
      const deepest = Math.max(...members.map((layer) => layer.minzoom))
      const maxzoom = Math.max(LAST_TILE_ZOOM, Math.ceil(deepest))
      return [id, { type: 'vector' as const, tiles: [tileUrl(members, origin, day)], minzoom, maxzoom }]
    }),
  )
}

function withLocalFonts(style: StyleObject): StyleObject {
  if (style.type !== 'symbol') return style
  const layout = (style as SymbolLayerSpecification).layout ?? {}
  if (!layout['text-field']) return style
  const bold = JSON.stringify(layout['text-font'] ?? '').includes('Bold')
  return { ...style, layout: { ...layout, 'text-font': bold ? LOCAL_FONTS_BOLD : LOCAL_FONTS } } as StyleObject
}

/** The drawn layers of one declared layer, in its own order. */
export function drawn(layer: Layer, visible: boolean): LayerSpecification[] {
  return layer.style.map((style, index) => {
    const fonted = withLocalFonts(style) as LayerSpecification
    return {
      minzoom: layer.minzoom,
      ...fonted,
      id: `${layer.name}/${style.id ?? index}`,
      source: sourceOf(layer),
      // polygons come with a point layer for their names, or each tile would write them again
      'source-layer': style['source-layer'] ?? layer.name,
      layout: { ...fonted.layout, visibility: visible ? 'visible' : 'none' },
    } as LayerSpecification
  })
}

/** Which declared layer a drawn layer belongs to. */
export function ownerOf(drawnId: string): string {
  return drawnId.slice(0, drawnId.indexOf('/'))
}

/** Drawn from a declared layer: not the ground, not a highlight. */
export function isDeclared(drawnId: string): boolean {
  return drawnId.includes('/') && !drawnId.startsWith('lit-')
}

/** What a click may hit: shapes; names only where a layer has nothing else, for a name may lie outside its shape. */
export function pickableDrawn(layers: LayerSpecification[]): string[] {
  const declared = layers.filter(({ id }) => isDeclared(id))
  const shaped = new Set(declared.filter(({ type }) => type !== 'symbol').map(({ id }) => ownerOf(id)))
  return declared.filter(({ id, type }) => type !== 'symbol' || !shaped.has(ownerOf(id))).map(({ id }) => id)
}

/** Comes with a point layer for its names (one name per area, however many tiles it lies in). */
function namesAreas(layer: LayerSpecification): boolean {
  return String((layer as { 'source-layer'?: string })['source-layer']).endsWith('-label')
}

/** Stands whatever lies there, as the number in a circle does. */
export function alwaysStands(layer: LayerSpecification): boolean {
  return layer.type === 'symbol' && layer.layout?.['text-allow-overlap'] === true
}

/**
 * The whole style. Names are lifted above everything drawn, so that no roof hides a street's name; names of areas
 * come late, for MapLibre gives room to the last first, and one grid's name matters more than ten shops'. What always
 * stands comes last, so that the others keep clear of it.
 */
export function assembleStyle(
  layers: Layer[],
  visible: ReadonlySet<string>,
  origin: string,
  { day = null, below = { sources: {}, layers: [] } }: { day?: string | null; below?: Below } = {},
): StyleSpecification {
  const all = layers.flatMap((layer) => drawn(layer, visible.has(layer.name)))
  const symbols = all.filter(({ type }) => type === 'symbol')
  const names = symbols.filter((name) => !alwaysStands(name))
  const shapes = all.filter(({ type }) => type !== 'symbol')
  return {
    ...CHINESE_ONLY,
    sources: { ...below.sources, ...sources(layers, origin, day) },
    layers: [
      { id: 'land', type: 'background', paint: { 'background-color': LAND } },
      ...below.layers,
      ...shapes,
      ...names.filter((name) => !namesAreas(name)),
      ...names.filter(namesAreas),
      ...symbols.filter(alwaysStands),
    ],
  }
}

const LIT = '#d9480f'

/** How a chosen place is lit up: outline and wash for areas, a casing for lines, a ring for points. */
export function highlightLayers(layers: Layer[], id: number | string): LayerSpecification[] {
  return layers.flatMap((layer) => {
    const from = { source: sourceOf(layer), 'source-layer': layer.name }
    const isIt: ExpressionSpecification = ['==', ['to-string', ['get', 'id']], String(id)]
    const only = (shape: string) => ['all', isIt, ['==', ['geometry-type'], shape]] as FilterSpecification
    const outlined = ['all', isIt, ['!=', ['geometry-type'], 'Point']] as FilterSpecification
    const line = { type: 'line' as const, ...from, filter: outlined, layout: { 'line-join': 'round' as const } }
    return [
      {
        id: `lit-wash/${layer.name}`,
        type: 'fill',
        ...from,
        filter: only('Polygon'),
        paint: { 'fill-color': LIT, 'fill-opacity': 0.14 },
      },
      { id: `lit-halo/${layer.name}`, ...line, paint: { 'line-color': '#ffffff', 'line-width': 7, 'line-opacity': 0.9 } },
      { id: `lit-line/${layer.name}`, ...line, paint: { 'line-color': LIT, 'line-width': 3.2 } },
      {
        id: `lit-ring/${layer.name}`,
        type: 'circle',
        ...from,
        filter: only('Point'),
        paint: {
          'circle-radius': 11,
          'circle-color': LIT,
          'circle-opacity': 0.18,
          'circle-stroke-color': LIT,
          'circle-stroke-width': 3,
        },
      },
    ]
  })
}
