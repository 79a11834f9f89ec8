// A line or ring clicked point by point, its measures, and how it is drawn.
import type { FeatureCollection } from 'geojson'
import { computed, ref } from 'vue'
import type { StyleObject } from '@/api/types'
import type { Degrees } from './datums'
import { areaText, lengthText, line, metresAlong, squareMetres } from './geodesy'
import { LOCAL_FONTS_BOLD } from './style'
import { words } from './words'

export type MeasureMode = 'distance' | 'area'

const COLOR = '#b42318'

export function useMeasure() {
  const mode = ref<MeasureMode>('distance')
  const points = ref<Degrees[]>([])

  const result = computed(() => resultText(mode.value, points.value))
  const drawing = computed(() => measureDrawing(mode.value, points.value))
  const add = ({ lon, lat }: Degrees) => (points.value = [...points.value, { lon, lat }])
  const undo = () => (points.value = points.value.slice(0, -1))
  const clear = () => (points.value = [])

  return { mode, points, result, drawing, add, undo, clear }
}

export interface MeasureResult {
  main: string
  rows: { label: string; text: string }[]
}

export function resultText(mode: MeasureMode, points: readonly Degrees[]): MeasureResult {
  const { measure } = words
  const ring = [...points, ...(points[0] ? [points[0]] : [])]
  if (mode === 'area') {
    const rows = points.length > 2 ? [{ label: measure.perimeter, text: lengthText(metresAlong(ring), measure) }] : []
    return { main: areaText(squareMetres([...points]), measure), rows }
  }
  const rows = points.slice(1).map((to, index) => ({
    label: `${index + 1} – ${index + 2}`,
    text: lengthText(line(points[index] as Degrees, to).metres, measure),
  }))
  return { main: lengthText(metresAlong([...points]), measure), rows: rows.length > 1 ? rows : [] }
}

/** The clicked points with their numbers, the line between them, and for areas the ring. */
export function measureDrawing(mode: MeasureMode, points: readonly Degrees[]): FeatureCollection {
  const pairs = points.map(({ lon, lat }) => [lon, lat])
  const closed = mode === 'area' && pairs.length > 2
  const shapes = closed
    ? [{ type: 'Polygon' as const, coordinates: [[...pairs, pairs[0] as number[]]] }]
    : pairs.length > 1
      ? [{ type: 'LineString' as const, coordinates: pairs }]
      : []
  return {
    type: 'FeatureCollection',
    features: [
      ...shapes.map((geometry) => ({ type: 'Feature' as const, geometry, properties: {} })),
      ...pairs.map((coordinates, index) => ({
        type: 'Feature' as const,
        geometry: { type: 'Point' as const, coordinates },
        properties: { number: String(index + 1) },
      })),
    ],
  }
}

export const MEASURE_STYLES: StyleObject[] = [
  { type: 'fill', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': COLOR, 'fill-opacity': 0.14 } } as StyleObject,
  { type: 'line', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': COLOR, 'line-width': 3 } } as StyleObject,
  {
    type: 'circle',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': 5, 'circle-color': '#ffffff', 'circle-stroke-color': COLOR, 'circle-stroke-width': 2.5 },
  } as StyleObject,
  {
    type: 'symbol',
    filter: ['==', ['geometry-type'], 'Point'],
    layout: { 'text-field': ['get', 'number'], 'text-font': LOCAL_FONTS_BOLD, 'text-size': 14, 'text-offset': [0, -1.1], 'text-allow-overlap': true },
    paint: { 'text-color': COLOR, 'text-halo-color': '#ffffff', 'text-halo-width': 2 },
  } as StyleObject,
]
