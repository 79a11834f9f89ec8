import { expect, it } from 'vitest'
import { words } from './words'
import type { Played } from './answers'
import { boundsOf, linesOf, placeAt, placesOf, spanOf } from './play'

const PIECES = [
  { at: [100, 110, 120], lon: [0, 1, 3], lat: [0, 0, 0] },
  { at: [500, 510], lon: [3, 4], lat: [0, 1] },
]
const track: Played = { id: 7, worker: '小王', device: 'd', doubt: 0, pieces: PIECES }

it('tells where somebody is, at an even pace between two fixes', () => {
  expect(placeAt(PIECES, 99)).toBe(null)
  expect(placeAt(PIECES, 100)).toEqual({ lon: 0, lat: 0, silent: false })
  expect(placeAt(PIECES, 115)).toEqual({ lon: 2, lat: 0, silent: false })
  expect(placeAt(PIECES, 505)).toEqual({ lon: 3.5, lat: 0.5, silent: false })
})

it('says when nothing was heard', () => {
  expect(placeAt(PIECES, 300)).toEqual({ lon: 3, lat: 0, silent: true })
  expect(placeAt(PIECES, 900)).toEqual({ lon: 4, lat: 1, silent: true })
})

it('draws what was walked until a moment', () => {
  const until = (moment?: number) => linesOf([track], moment).features.map(({ geometry }) => (geometry as { coordinates: unknown[] }).coordinates.length)
  expect(until()).toEqual([3, 2])
  expect(until(110)).toEqual([2])
  expect(until(50)).toEqual([])
  expect(placesOf([track], 110).features[0]!.properties).toMatchObject({ name: '小王', silent: false })
})

it('knows when and where', () => {
  expect(spanOf([track])).toEqual([100, 510])
  expect(spanOf([])).toBe(null)
  expect(boundsOf([])).toBe(null)
  expect(boundsOf([{ lon: 1, lat: 2 }])!.map((n) => +n.toFixed(4))).toEqual([0.9992, 1.9992, 1.0008, 2.0008])
})

it('tells a whole hour as such', () => {
  expect([59.4, 59.6, 1_439.7, 61].map(words.minutes)).toEqual(['59 分', '1 小时 0 分', '24 小时 0 分', '1 小时 1 分'])
})
