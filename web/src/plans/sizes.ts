// How many households, people, buildings and shops lie within a drawn shape: counted here, at once, while one drags.
import { boxOf, within, type Position } from './plane'
import type { Polygons } from './topology'

export const COUNTED = ['households', 'residents', 'buildings', 'premises'] as const
export type Size = Record<(typeof COUNTED)[number], number>

export interface Homes {
  /** Rows of [lon, lat, ...COUNTED], from west to east. */
  rows: number[][]
}

export function homesOf(rows: number[][]): Homes {
  return { rows: [...rows].sort((a, b) => a[0]! - b[0]!) }
}

export function nothing(): Size {
  return { households: 0, residents: 0, buildings: 0, premises: 0 }
}

/** Counts what stands within the polygons. */
export function sizeOf(polygons: Polygons, homes: Homes): Size {
  const size = nothing()
  for (const rings of polygons) {
    const [west, south, east, north] = boxOf(rings)
    for (let n = firstFrom(homes.rows, west); n < homes.rows.length && homes.rows[n]![0]! <= east; n++) {
      const row = homes.rows[n]!
      if (row[1]! < south || row[1]! > north || !within(rings, row as unknown as Position)) continue
      COUNTED.forEach((name, k) => (size[name] += row[k + 2]!))
    }
  }
  return size
}

/** The first row not west of a longitude. */
function firstFrom(rows: number[][], west: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]![0]! < west) low = middle + 1
    else high = middle
  }
  return low
}

export interface Rule {
  low: number
  high: number
}

/** How a number of households stands to the size rule; exclusive grids have none. */
export function judged(households: number, kind: string, { low, high }: Rule): 'few' | 'good' | 'many' | 'free' {
  if (kind !== 'ordinary') return 'free'
  return households < low ? 'few' : households > high ? 'many' : 'good'
}
