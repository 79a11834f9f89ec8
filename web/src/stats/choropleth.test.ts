import type { FeatureCollection } from 'geojson'
import { describe, expect, it } from 'vitest'
import { boundsOf, classesOf, classFor, drawSvg } from './choropleth'

describe('classes', () => {
  it('hold about as many areas each and every figure once', () => {
    const figures = Array.from({ length: 50 }, (_, n) => n * n)
    const classes = classesOf(figures)
    expect(classes).toHaveLength(5)
    const sizes = classes.map((_, at) => figures.filter((figure) => classFor(classes, figure) === at).length)
    expect(sizes.reduce((a, b) => a + b)).toBe(50)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })
  it('never divide equal figures', () => {
    expect(classesOf([3, 3, 3, 3])).toEqual([{ from: 3, to: 3 }])
    const classes = classesOf([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    expect(new Set([0, 1, 2, 3, 4, 5, 6].map((figure) => classFor(classes, figure))).has(-1)).toBe(false)
  })
  it('are none without figures, and hidden figures have none', () => {
    expect(classesOf([])).toEqual([])
    expect(classFor([{ from: 0, to: 9 }], null)).toBe(-1)
  })
})

const square: FeatureCollection = {
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties: { id: '1' },
      geometry: { type: 'Polygon', coordinates: [[[106, 29], [106.01, 29], [106.01, 29.01], [106, 29.01], [106, 29]]] },
    },
  ],
}

describe('the drawing', () => {
  it('is a whole SVG with what is said in it escaped', () => {
    const look = () => ({ color: '#fff', label: '<网格> 12' })
    const drawn = drawSvg({ title: 'A & B', shapes: square, look, legend: [{ color: '#fff', label: '1–2' }], ink: '#000', panel: '#fff', font: 'serif' })
    expect(drawn).toContain('&#60;网格&#62; 12')
    expect(drawn).toContain('A &#38; B')
    expect(drawn).not.toContain('NaN')
  })
  it('knows its bounds', () => {
    expect(boundsOf(square)).toEqual([106, 29, 106.01, 29.01])
    expect(boundsOf({ type: 'FeatureCollection', features: [] })).toBeNull()
  })
})
