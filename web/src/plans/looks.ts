// How the desk's own data is drawn on the map: areas, handles, findings, what moves.
import type { Feature, FeatureCollection, Geometry } from 'geojson'
import type { StyleObject } from '@/api/types'
import { LOCAL_FONTS_BOLD } from '@/map/style'
import type { Area, Finding, Report } from './plan'
import type { Position } from './plane'
import { polygonsOf, type Edge, type Net, type Polygons } from './topology'

const INK = '#174a85'
const CHANGED = '#b45309'
const CHOSEN = '#7c3aed'
const FAULT = '#c01c28'

export const AREA_LOOKS = [
  {
    type: 'fill',
    paint: {
      'fill-color': ['case', ['get', 'chosen'], CHOSEN, ['get', 'changed'], CHANGED, INK],
      'fill-opacity': ['case', ['get', 'chosen'], 0.18, ['get', 'changed'], 0.12, 0.04],
    },
  },
  { type: 'line', layout: { 'line-join': 'round' }, paint: { 'line-color': '#ffffff', 'line-width': 5, 'line-opacity': 0.9 } },
  {
    type: 'line',
    layout: { 'line-join': 'round' },
    paint: { 'line-color': ['case', ['get', 'changed'], CHANGED, INK], 'line-width': ['case', ['get', 'chosen'], 3.5, 2] },
  },
] as unknown as StyleObject[]

export const NAME_LOOKS = [
  {
    type: 'symbol',
    layout: { 'text-field': ['get', 'label'], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 15, 'text-max-width': 9, 'text-padding': 1, 'text-variable-anchor': ['center', 'bottom', 'top'] },
    paint: { 'text-color': ['case', ['get', 'odd'], FAULT, INK], 'text-halo-color': '#ffffff', 'text-halo-width': 2.2 },
  },
] as unknown as StyleObject[]

export const HANDLE_LOOKS = [
  {
    type: 'circle',
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 15, ['case', ['get', 'chosen'], 7, 3.5], 18, ['case', ['get', 'chosen'], 9, 6.5]],
      'circle-color': ['case', ['get', 'locked'], '#9aa5b1', ['get', 'chosen'], CHOSEN, '#ffffff'],
      'circle-stroke-color': ['case', ['get', 'locked'], '#5d6875', CHOSEN],
      'circle-stroke-width': 2,
    },
  },
] as unknown as StyleObject[]

export const LIVE_LOOKS = [
  { type: 'line', paint: { 'line-color': CHOSEN, 'line-width': 4 } },
  {
    type: 'circle',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 9, 'circle-color': ['case', ['get', 'snapped'], '#16a34a', CHOSEN], 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 3 },
  },
] as unknown as StyleObject[]

export const CROSS_LOOKS = [
  { type: 'line', paint: { 'line-color': CHOSEN, 'line-width': 4 } },
  { type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 6, 'circle-color': '#ffffff', 'circle-stroke-color': CHOSEN, 'circle-stroke-width': 3 } },
] as unknown as StyleObject[]

/** What a line makes of an area: the numbers of the list beside the map, each with its households. */
export const PART_LOOKS = [
  { type: 'fill', paint: { 'fill-color': ['match', ['%', ['get', 'n'], 3], 0, '#7c3aed', 1, '#0f766e', '#b45309'], 'fill-opacity': 0.22 } },
  {
    type: 'symbol',
    filter: ['==', ['geometry-type'], 'Point'],
    layout: { 'text-field': ['step', ['zoom'], ['get', 'number'], 15.5, ['get', 'label']], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 17, 'text-allow-overlap': true },
    paint: { 'text-color': '#3b1d82', 'text-halo-color': '#ffffff', 'text-halo-width': 2.4 },
  },
] as unknown as StyleObject[]

export const FINDING_LOOKS = [
  { type: 'fill', paint: { 'fill-color': FAULT, 'fill-opacity': 0.45 } },
  { type: 'line', paint: { 'line-color': FAULT, 'line-width': 5, 'line-opacity': 0.85 } },
  {
    type: 'circle',
    filter: ['==', ['get', 'mark'], true],
    paint: { 'circle-radius': 14, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': FAULT, 'circle-stroke-width': 3 },
  },
] as unknown as StyleObject[]

export const MOVED_LOOKS = [
  { type: 'circle', paint: { 'circle-radius': 7, 'circle-color': '#d9480f', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 } },
  {
    type: 'symbol',
    minzoom: 15,
    layout: { 'text-field': ['get', 'label'], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 13, 'text-offset': [0, 1.3], 'text-anchor': 'top' },
    paint: { 'text-color': '#8a2f06', 'text-halo-color': '#ffffff', 'text-halo-width': 2 },
  },
] as unknown as StyleObject[]

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })
const feature = (geometry: Geometry, properties: Record<string, unknown>): Feature => ({ type: 'Feature', geometry, properties })

export function drawnAreas(net: Net, areas: Area[], chosen: ReadonlySet<string>): FeatureCollection {
  return collection(
    areas.map(({ code, changed }) =>
      feature({ type: 'MultiPolygon', coordinates: polygonsOf(net, code) }, { code, changed, chosen: chosen.has(code) }),
    ),
  )
}

/** A name in the middle of every area's largest ring; `odd` is coloured as a warning and says so in words. */
export function drawnNames(net: Net, areas: Area[], label: (area: Area) => { label: string; odd: boolean }): FeatureCollection {
  return collection(areas.flatMap((area) => {
    const ring = polygonsOf(net, area.code)[0]?.[0]
    return ring ? [feature({ type: 'Point', coordinates: centre(ring) }, label(area))] : []
  }))
}

/** The centre of gravity of a ring. */
export function centre(ring: Position[]): Position {
  let [doubled, x, y] = [0, 0, 0]
  const [x0, y0] = ring[0]!
  for (let n = 0; n + 1 < ring.length; n++) {
    const [ax, ay, bx, by] = [ring[n]![0] - x0, ring[n]![1] - y0, ring[n + 1]![0] - x0, ring[n + 1]![1] - y0]
    const part = ax * by - bx * ay
    doubled += part
    x += (ax + bx) * part
    y += (ay + by) * part
  }
  return doubled ? [x0 + x / (3 * doubled), y0 + y / (3 * doubled)] : [x0, y0]
}

export function drawnHandles(net: Net, ids: Iterable<number>, locked: ReadonlySet<number>, chosen: number | null): FeatureCollection {
  return collection(
    [...ids].map((id) =>
      feature({ type: 'Point', coordinates: net.points[id]! }, { id, locked: locked.has(id), chosen: id === chosen }),
    ),
  )
}

/** The edges that follow the dragged vertices, and the vertices. */
export function drawnLive(net: Net, edges: Edge[], ids: number[], snapped: boolean): FeatureCollection {
  return collection([
    ...edges.map(([a, b]) => feature({ type: 'LineString', coordinates: [net.points[a]!, net.points[b]!] }, {})),
    ...ids.map((id) => feature({ type: 'Point', coordinates: net.points[id]! }, { snapped })),
  ])
}

export function drawnCorners(corners: Position[]): FeatureCollection {
  const line = corners.length > 1 ? [feature({ type: 'LineString', coordinates: corners }, {})] : []
  return collection([...line, ...corners.map((at) => feature({ type: 'Point', coordinates: at }, {}))])
}

/** Numbered from one as in the list; what else is said of a part stands below its number. */
export function drawnParts(parts: { said: string; polygons: Polygons }[]): FeatureCollection {
  return collection(
    parts.flatMap(({ said, polygons }, n) => [
      feature({ type: 'MultiPolygon', coordinates: polygons }, { n }),
      feature({ type: 'Point', coordinates: centre(polygons[0]![0]!) }, { n, number: `${n + 1}`, label: `${n + 1}\n${said}` }),
    ]),
  )
}

export function drawnFindings(findings: Finding[]): FeatureCollection {
  return collection(
    findings.flatMap(({ geometry, key }) =>
      geometry
        ? [feature(geometry, { key }), feature({ type: 'Point', coordinates: firstOf(geometry) }, { key, mark: true })]
        : [],
    ),
  )
}

export function firstOf(geometry: Geometry): Position {
  let at: unknown = 'coordinates' in geometry ? geometry.coordinates : [0, 0]
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0]
  return at as Position
}

export function drawnMoves(report: Report, nowhere: string): FeatureCollection {
  const short = (code: string | null) => (code ? code.slice(-3) : nowhere)
  return collection(
    (report.moved ?? []).map(({ lon, lat, name, was, now }) =>
      feature({ type: 'Point', coordinates: [lon, lat] }, { label: `${name ?? ''} ${short(was)}→${short(now)}` }),
    ),
  )
}

export const NONE = collection([])
