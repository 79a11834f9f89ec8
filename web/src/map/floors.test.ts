import { expect, it } from 'vitest'
import { floorSlabs } from './floors'

const SQUARE = { type: 'Polygon' as const, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }

it('stacks one slab per floor with a gap between', () => {
  const { features } = floorSlabs(SQUARE, 3)
  expect(features.map(({ properties }) => [properties?.floor, properties?.base, properties?.top])).toEqual([
    [1, 0, 2.6],
    [2, 3, 5.6],
    [3, 6, 8.6],
  ])
})

it('shows nothing of what has no floors or no footprint', () => {
  expect(floorSlabs(SQUARE, 0).features).toEqual([])
  expect(floorSlabs(null, 3).features).toEqual([])
  expect(floorSlabs({ type: 'Point', coordinates: [0, 0] }, 3).features).toEqual([])
})
