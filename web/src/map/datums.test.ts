import { describe, expect, it } from 'vitest'
import { gaussKruger, gcjOf, sexagesimal } from './datums'

// WGS 84 -> GCJ-02, as several published implementations agree (to a millimetre).
const GCJ: [number, number, number, number][] = [[106.577, 29.5585, 106.58068794, 29.55561237187]]
// CGCS2000 -> Gauss-Krueger, from PROJ (EPSG:4544, 4545, 4547).
const PROJ: [number, number, number, number, number][] = [
  [106.577, 29.5585, 36, 362089.019, 3272018.6291],
  [105.9, 29.5585, 35, 587221.3099, 3271511.6354],
  [114.3, 30.6, 38, 528770.2373, 3386666.2506],
]

describe('datums', () => {
  it.each(GCJ)('GCJ-02 of %d, %d is the published value', (lon, lat, east, north) => {
    const found = gcjOf({ lon, lat })
    expect(found.lon).toBeCloseTo(east, 8)
    expect(found.lat).toBeCloseTo(north, 8)
  })

  it('GCJ-02 abroad is the same place', () => {
    expect(gcjOf({ lon: 2.35, lat: 48.85 })).toEqual({ lon: 2.35, lat: 48.85 })
  })

  it.each(PROJ)('Gauss-Krueger of %d, %d agrees with PROJ to a millimetre', (lon, lat, zone, easting, northing) => {
    const found = gaussKruger({ lon, lat })
    expect(found.zone).toBe(zone)
    expect(Math.abs(found.easting - easting)).toBeLessThan(0.001)
    expect(Math.abs(found.northing - northing)).toBeLessThan(0.001)
  })

  it('minutes and seconds carry over instead of showing 60', () => {
    expect(sexagesimal(29.5585)).toBe('29°33′30.60″')
    expect(sexagesimal(29.99999999)).toBe('30°00′00.00″')
  })
})
