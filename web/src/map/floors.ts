// A building storey by storey in the three-dimensional view: the same footprint and floors as everywhere else.
import type { FeatureCollection, Geometry } from 'geojson'
import type { StyleObject } from '@/api/types'

export const FLOOR_M = 3
const GAP_M = 0.4
const MOST = 200

/** One slab per floor above ground, from `1` up; nothing for what is no polygon or has no floors. */
export function floorSlabs(shape: Geometry | null, floors: number): FeatureCollection {
  const known = shape && (shape.type === 'Polygon' || shape.type === 'MultiPolygon') && floors >= 1 && floors <= MOST
  const levels = known ? Array.from({ length: Math.floor(floors) }, (_, index) => index + 1) : []
  return {
    type: 'FeatureCollection',
    features: levels.map((floor) => ({
      type: 'Feature',
      geometry: shape as Geometry,
      properties: { id: floor, floor, base: (floor - 1) * FLOOR_M, top: floor * FLOOR_M - GAP_M },
    })),
  }
}

export const FLOOR_STYLES: StyleObject[] = [
  {
    type: 'fill-extrusion',
    paint: {
      'fill-extrusion-color': ['case', ['==', ['%', ['get', 'floor'], 2], 0], '#e8955a', '#d9703a'],
      'fill-extrusion-base': ['get', 'base'],
      'fill-extrusion-height': ['get', 'top'],
      'fill-extrusion-opacity': 0.95,
    },
  } as StyleObject,
]
