// Areas coloured by a figure: classes, their ranges, and the drawing as SVG. Pure.
import type { FeatureCollection, Position } from 'geojson'

export interface Class {
  from: number
  to: number
}

const MOST_CLASSES = 5

/** Up to five classes with about as many areas each; equal figures are never divided. Empty without figures. */
export function classesOf(figures: readonly number[]): Class[] {
  const sorted = [...figures].sort((a, b) => a - b)
  const distinct = [...new Set(sorted)]
  const count = Math.min(MOST_CLASSES, distinct.length)
  const cuts = new Set<number>()
  for (let n = 1; n < count; n++) cuts.add(distinct.length <= MOST_CLASSES ? distinct[n]! : sorted[Math.floor((sorted.length * n) / count)]!)
  const starts = [...new Set([distinct[0], ...cuts])].filter((value) => value !== undefined).sort((a, b) => a - b)
  return starts.map((from, n) => ({ from, to: Math.max(...distinct.filter((value) => value < (starts[n + 1] ?? Infinity))) }))
}

/** Which class a figure belongs to; -1 for none. */
export function classFor(classes: readonly Class[], figure: number | null): number {
  return figure === null ? -1 : classes.findIndex(({ from, to }) => figure >= from && figure <= to)
}

export interface Drawn {
  title: string
  shapes: FeatureCollection
  /** Per area: colour and what is written in it. */
  look(id: string): { color: string; label: string }
  legend: { color: string; label: string }[]
  ink: string
  panel: string
  font: string
}

const WIDTH = 1000
const MARGIN = 24
const TOP = 56
const LEGEND = 30

/** The map as a drawing of its own, true to shape at the middle latitude. */
export function drawSvg({ title, shapes, look, legend, ink, panel, font }: Drawn): string {
  const rings = shapes.features.map((feature) => ({ feature, polygons: polygonsOf(feature.geometry) }))
  const all = rings.flatMap(({ polygons }) => polygons.flat(2))
  const [west, east] = spanOf(all.map(([lon]) => lon!))
  const [south, north] = spanOf(all.map(([, lat]) => lat!))
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = (WIDTH - 2 * MARGIN) / Math.max((east - west) * squeeze, north - south, 1e-9)
  const height = TOP + (north - south) * scale + MARGIN + legend.length * LEGEND + MARGIN
  const left = (WIDTH - (east - west) * squeeze * scale) / 2
  const at = ([lon, lat]: Position) => `${(left + (lon! - west) * squeeze * scale).toFixed(1)} ${(TOP + (north - lat!) * scale).toFixed(1)}`
  const areas = rings.map(({ feature, polygons }) => {
    const { color, label } = look(String(feature.properties?.id))
    const d = polygons.map((polygon) => polygon.map((ring) => `M${ring.map(at).join('L')}Z`).join('')).join('')
    return `<path d="${d}" fill="${color}" fill-rule="evenodd" stroke="${ink}" stroke-width="1"><title>${escaped(label)}</title></path>`
  })
  const names = rings.map(({ feature, polygons }) => {
    const [x, y] = at(middleOf(polygons)).split(' ')
    return `<text x="${x}" y="${y}" text-anchor="middle" font-size="15" paint-order="stroke" stroke="${panel}" stroke-width="4" fill="${ink}">${escaped(look(String(feature.properties?.id)).label)}</text>`
  })
  const entries = legend.map(({ color, label }, n) => {
    const y = height - MARGIN - (legend.length - n) * LEGEND + 6
    return `<rect x="${MARGIN}" y="${y}" width="34" height="20" fill="${color}" stroke="${ink}"/><text x="${MARGIN + 44}" y="${y + 16}" font-size="15" fill="${ink}">${escaped(label)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height.toFixed(0)}" width="${WIDTH}" height="${height.toFixed(0)}" font-family="${escaped(font)}" role="img"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="${panel}"/><text x="${MARGIN}" y="34" font-size="22" font-weight="600" fill="${ink}">${escaped(title)}</text>${areas.join('')}${names.join('')}${entries.join('')}</svg>`
}

function polygonsOf(geometry: FeatureCollection['features'][number]['geometry']): Position[][][] {
  if (geometry.type === 'Polygon') return [geometry.coordinates]
  return geometry.type === 'MultiPolygon' ? geometry.coordinates : []
}

function spanOf(values: number[]): [number, number] {
  return values.reduce<[number, number]>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity])
}

/** The middle of the outline with the most corners: good enough for a name. */
function middleOf(polygons: Position[][][]): Position {
  const outline = polygons.map(([outer]) => outer ?? []).sort((a, b) => b.length - a.length)[0] ?? []
  const [west, east] = spanOf(outline.map(([lon]) => lon!))
  const [south, north] = spanOf(outline.map(([, lat]) => lat!))
  return [(west + east) / 2, (south + north) / 2]
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** west, south, east, north of all shapes; null without any. */
export function boundsOf(shapes: FeatureCollection): [number, number, number, number] | null {
  const all = shapes.features.flatMap(({ geometry }) => polygonsOf(geometry).flat(2))
  if (!all.length) return null
  const [west, east] = spanOf(all.map(([lon]) => lon!))
  const [south, north] = spanOf(all.map(([, lat]) => lat!))
  return [west, south, east, north]
}
