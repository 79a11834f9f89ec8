import { expect, it } from 'vitest'
import { shifted, vertexAt } from './nudge'
import { netOf } from './topology'

it('moves a vertex by metres on the ground', () => {
  const [lon, lat] = shifted([106.5, 29.5], 10, -10)
  const east = (lon - 106.5) * 111_320 * Math.cos((29.5 * Math.PI) / 180)
  expect(east).toBeCloseTo(10, 6)
  expect((lat - 29.5) * 111_320).toBeCloseTo(-10, 6)
})

it('finds the vertex that came back from the service', () => {
  const net = netOf([{ code: 'a', polygons: [[[[0, 0], [1, 0], [1, 1], [0, 0]]]] }])
  expect(net.points[vertexAt(net, [1 + 1e-10, 1])!]).toEqual([1, 1])
  expect(vertexAt(net, [0.5, 0.5])).toBeNull()
})
