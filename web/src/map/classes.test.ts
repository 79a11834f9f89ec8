import { describe, expect, it } from 'vitest'
import { classesOf, classOf, numberText, radiusOf, rangeText, type Cut } from './classes'

const VALUES = [1, 2, 3, 4, 10, 11, 12, 50, 52, 55, 400]

describe('classes', () => {
  it.each<Cut>(['quantile', 'equal', 'natural'])('%s: every value lies in exactly one class', (cut) => {
    const classes = classesOf(VALUES, 4, cut)
    for (const value of VALUES) expect(classes.filter(({ from, to }) => value >= from && value <= to)).toHaveLength(1)
    expect(classes.reduce((sum, { count }) => sum + count, 0)).toBe(VALUES.length)
    expect(new Set(classes.map(({ color }) => color)).size).toBe(classes.length)
  })

  it('natural classes end where the numbers leave gaps', () => {
    expect(classesOf(VALUES, 3, 'natural').map(({ from, to }) => [from, to])).toEqual([[1, 12], [50, 55], [400, 400]])
  })

  it('quantiles hold about as many areas each, and equal values stay together', () => {
    expect(classesOf([1, 2, 3, 4, 5, 6, 7, 8], 4, 'quantile').map(({ count }) => count)).toEqual([2, 2, 2, 2])
    expect(classesOf([0, 0, 0, 0, 0, 1, 2, 3], 4, 'quantile')[0]).toMatchObject({ from: 0, to: 0, count: 5 })
  })

  it('fewer different values make fewer classes', () => {
    expect(classesOf([5, 5, 5], 5, 'natural')).toHaveLength(1)
    expect(classesOf([], 5, 'equal')).toEqual([])
  })

  it('a thousand and a half areas are classed at once', () => {
    const many = Array.from({ length: 1500 }, (_, n) => (n * 7919) % 1000)
    const began = performance.now()
    classesOf(many, 7, 'natural')
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('a class is told by its ends', () => {
    const [first] = classesOf([1, 2, 1200], 2, 'natural')
    expect(rangeText(first!)).toBe('1 – 2')
    expect(classOf(2, [first!])).toBe(first)
    expect(numberText(1200)).toBe('1,200')
    expect(numberText(3.14159)).toBe('3.14')
  })

  it('circles grow with the root, so that surfaces compare', () => {
    expect(radiusOf(100, 400) * 2).toBeCloseTo(radiusOf(400, 400))
    expect(radiusOf(0, 400)).toBe(0)
  })
})
