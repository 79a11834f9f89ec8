// What the register's map draws: spots of many, pins of the page's rows, the lit one, and the shape being drawn.
import type { Feature, FeatureCollection, Geometry } from 'geojson'
import type { Bounds, StyleObject } from '@/api/types'
import type { Place } from '@/map/owner'
import { LOCAL_FONTS_BOLD } from '@/map/style'
import type { PlaceOfRow, Spot } from './types'

const BLUE = '#1a5fa8'
const GLOW = '#d9480f'

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })
const feature = (geometry: Geometry, properties: Record<string, unknown> = {}): Feature => ({ type: 'Feature', geometry, properties })
const at = ({ lon, lat }: Place): Geometry => ({ type: 'Point', coordinates: [lon, lat] })

export function spotsOf(items: readonly Spot[]): FeatureCollection {
  return collection(
    items.map((spot) =>
      feature(at(spot), { key: spot.key, count: spot.count, title: spot.title ?? '', keys: JSON.stringify(spot.keys ?? []) }),
    ),
  )
}

export function rowsOf(places: readonly (readonly [string, PlaceOfRow])[]): FeatureCollection {
  return collection(places.map(([key, place]) => feature(at(place), { key, title: place.address ?? '' })))
}

export const litOf = (place: Place | null): FeatureCollection => collection(place ? [feature(at(place))] : [])

/** The corners so far: a point, a line, then an area. */
export function draftOf(corners: readonly Place[]): FeatureCollection {
  const path = corners.map(({ lon, lat }) => [lon, lat])
  const points = corners.map((corner) => feature(at(corner)))
  if (corners.length < 2) return collection(points)
  if (corners.length === 2) return collection([...points, feature({ type: 'LineString', coordinates: path })])
  return collection([...points, feature({ type: 'Polygon', coordinates: [[...path, path[0]!]] })])
}

export function boundsShape([west, south, east, north]: Bounds) {
  return { type: 'Polygon', coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] }
}

export const SPOTS: StyleObject[] = [
  {
    type: 'circle',
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['get', 'count'], 1, 7, 20, 14, 500, 20, 5000, 25],
      'circle-color': BLUE,
      'circle-opacity': 0.82,
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': 1.5,
    },
  } as StyleObject,
  {
    type: 'symbol',
    filter: ['>', ['get', 'count'], 1],
    layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 13, 'text-allow-overlap': true },
    paint: { 'text-color': '#ffffff' },
  } as StyleObject,
]
export const ROWS: StyleObject[] = [
  {
    type: 'circle',
    minzoom: 16,
    paint: { 'circle-radius': 5, 'circle-color': '#ffffff', 'circle-opacity': 0.01, 'circle-stroke-color': '#0b3a6b', 'circle-stroke-width': 2 },
  } as StyleObject,
]
export const LIT: StyleObject[] = [
  { type: 'circle', paint: { 'circle-radius': 20, 'circle-color': GLOW, 'circle-opacity': 0.28, 'circle-blur': 0.4 } } as StyleObject,
  { type: 'circle', paint: { 'circle-radius': 9, 'circle-color': GLOW, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2.5 } } as StyleObject,
]
export const DRAFT: StyleObject[] = [
  { type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': GLOW, 'fill-opacity': 0.15 } } as StyleObject,
  { type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': GLOW, 'line-width': 2.5 } } as StyleObject,
  { type: 'circle', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': GLOW } } as StyleObject,
]
