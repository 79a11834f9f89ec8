import { describe, expect, it } from 'vitest'
import { ahead, areaText, lengthText, line, metresAlong, squareMetres } from './geodesy'

// Expected values: PROJ's geodesics on CGCS2000 (pyproj.Geod).
const WIDE = [[106.5, 29.5], [106.6, 29.5], [106.61, 29.58], [106.52, 29.6]].map(([lon, lat]) => ({ lon: lon!, lat: lat! }))
const BLOCK = [[106.5, 29.5], [106.501, 29.5], [106.501, 29.501], [106.5, 29.501]].map(([lon, lat]) => ({ lon: lon!, lat: lat! }))

describe('measures on the ground', () => {
  it('lengths are those of the geodesic, to a millimetre', () => {
    expect(metresAlong(WIDE)).toBeCloseTo(27613.6789, 3)
    expect(line(BLOCK[0]!, BLOCK[2]!).metres).toBeCloseTo(147.2711, 3)
    expect(line(BLOCK[0]!, BLOCK[0]!).metres).toBe(0)
  })

  it('areas agree to a square metre in 93 square kilometres, however the ring turns', () => {
    expect(Math.abs(squareMetres(WIDE) - 93469621.92)).toBeLessThan(1)
    expect(squareMetres(BLOCK)).toBeCloseTo(10748.0847, 1)
    expect(squareMetres([...BLOCK].reverse())).toBeCloseTo(10748.0847, 1)
  })

  it('walking the length back along the bearing arrives', () => {
    const { metres, bearing } = line(WIDE[0]!, WIDE[2]!)
    const there = ahead(WIDE[0]!, bearing, metres)
    expect(there.lon).toBeCloseTo(106.61, 9)
    expect(there.lat).toBeCloseTo(29.58, 9)
  })

  it('two points have no area', () => expect(squareMetres(WIDE.slice(0, 2))).toBe(0))

  it('numbers are as exact as one can point', () => {
    expect(lengthText(85.34, { m: '米', km: '公里' })).toBe('85.3 米')
    expect(lengthText(1234.5, { m: '米', km: '公里' })).toBe('1.234 公里')
    expect(areaText(93469621, { m2: '平方米', km2: '平方公里' })).toBe('93.470 平方公里')
  })
})
