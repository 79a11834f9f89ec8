import { expect, it } from 'vitest'
import type { SearchItem } from '@/api/types'
import { degrees, wrapLongitude } from './coordinates'
import { layer } from './factories'
import { layersOf, litId, pageOf, rowOf, viewOf } from './places'

const item = (given: Partial<SearchItem>): SearchItem => ({ kind: 'building', id: 1, title: '3栋', lon: 106, lat: 29, ...given })

it('fits an area into the window and comes near to a building', () => {
  expect(viewOf(item({ kind: 'area', bounds: [1, 2, 3, 4] }))?.bounds).toEqual([1, 2, 3, 4])
  expect(viewOf(item({ bounds: [1, 2, 3, 4] }))).toMatchObject({ bounds: null, zoom: 18 })
})

it('finds the layers by kind', () => {
  const layers = [layer('communities'), layer('grids'), layer('premises')]
  const names = (kind: string) => layersOf(item({ kind }), layers).map(({ name }) => name)
  expect(names('area')).toEqual(['grids', 'communities'])
  expect(names('premises')).toEqual(['premises'])
  expect(names('building')).toEqual([])
})

it('writes degrees with six decimals and stays on the globe', () => {
  expect(degrees(106.5)).toBe('106.500000°')
  expect(wrapLongitude(466.5)).toBeCloseTo(106.5)
  expect(wrapLongitude(-190)).toBeCloseTo(170)
})

it('rooms and people are shown in their building, and lead to its page', () => {
  expect(litId(item({ kind: 'resident', id: 7, building_id: 3 }))).toBe(3)
  expect(litId(item({ kind: 'premises', id: 7, building_id: 3 }))).toBe(7)
  expect(pageOf('resident', 7, 3, 9)).toBe('/buildings/3?room=9')
  expect(pageOf('building_heights', 5)).toBe('/buildings/5')
  expect(pageOf('premises', 5)).toBeNull()
  expect(rowOf('grids', '990')).toBe('/registers/areas?row=990')
  expect(rowOf('water', 1)).toBeNull()
})

it('what has no place yet cannot be flown to', () => {
  expect(viewOf(item({ lon: null, lat: null }))).toBeNull()
})
