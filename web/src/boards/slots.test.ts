import { describe, expect, it } from 'vitest'
import { moved, resized } from './slots'

const PAPER = [210, 297] as const

describe('places of a template', () => {
  it('move in whole millimetres', () => expect(moved([10, 20, 30, 40], 1.4, -0.6, PAPER)).toEqual([11, 19, 30, 40]))
  it('stop at the edge of the paper', () => expect(moved([10, 20, 30, 40], 500, -500, PAPER)).toEqual([180, 0, 30, 40]))
  it('grow no further than the paper and keep a size', () => {
    expect(resized([10, 20, 30, 40], 999, -999, PAPER)).toEqual([10, 20, 200, 4])
  })
})
