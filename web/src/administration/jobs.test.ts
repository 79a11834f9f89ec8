import { expect, it } from 'vitest'
import { shareOf, toldResult } from './jobs'

it('knows how far a job is only when its total is known', () => {
  expect([shareOf({ done: 5, total: 10 }), shareOf({ done: 5, total: null }), shareOf({ done: 12, total: 10 })]).toEqual([0.5, null, 1])
})

it('tells a report in a few lines', () => {
  expect(toldResult({ added: 3, refused: [1, 2], nothing: null, none: [], by: { a: 1 } })).toEqual([
    ['added', '3'],
    ['refused', '2'],
    ['by', '{"a":1}'],
  ])
  expect(toldResult(null)).toEqual([])
})
