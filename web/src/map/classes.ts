// Numbers into classes for a thematic map: where to cut, which colour, how many areas in each.

export type Cut = 'quantile' | 'equal' | 'natural'

/** One hue from pale to dark (ColorBrewer's YlGnBu, told apart also by the colour-blind and in grey). */
const RAMP = ['#edf8b1', '#c7e9b4', '#7fcdbb', '#41b6c4', '#1d91c0', '#225ea8', '#0c2c84']
const PICKED: Record<number, number[]> = { 1: [3], 2: [1, 5], 3: [0, 3, 5], 4: [0, 2, 4, 5], 5: [0, 2, 3, 4, 5], 6: [0, 1, 2, 3, 4, 6], 7: [0, 1, 2, 3, 4, 5, 6] }
export const NO_VALUE = '#e3e5e8'

export interface Class {
  from: number
  to: number
  color: string
  /** How many areas fall into it. */
  count: number
}

/** At most `wanted` classes that hold all values; fewer where there are fewer different values. Each value lies in from <= v <= to. */
export function classesOf(values: readonly number[], wanted: number, cut: Cut): Class[] {
  const sorted = [...values].sort((one, other) => one - other)
  const different = [...new Set(sorted)]
  if (different.length === 0) return []
  const count = Math.min(wanted, different.length)
  const groups = { quantile, equal, natural }[cut](sorted, different, count).filter((group) => group.length > 0)
  const colors = PICKED[groups.length] ?? []
  return groups.map((group, index) => ({
    from: group[0] as number,
    to: group[group.length - 1] as number,
    color: RAMP[colors[index] ?? 0] as string,
    count: group.length,
  }))
}

/** As many areas in each as possible; equal values stay together. */
function quantile(sorted: number[], different: number[], count: number): number[][] {
  if (different.length === count) return different.map((value) => sorted.filter((other) => other === value))
  const groups: number[][] = Array.from({ length: count }, () => [])
  let at = 0
  sorted.forEach((value, index) => {
    const due = Math.min(count - 1, Math.floor((index * count) / sorted.length))
    if (due > at && value !== sorted[index - 1]) at = due
    groups[at]?.push(value)
  })
  return groups
}

/** Equally wide. */
function equal(sorted: number[], different: number[], count: number): number[][] {
  const [low, high] = [different[0] as number, different[different.length - 1] as number]
  const groups: number[][] = Array.from({ length: count }, () => [])
  for (const value of sorted) {
    const index = high === low ? 0 : Math.min(count - 1, Math.floor(((value - low) / (high - low)) * count))
    groups[index]?.push(value)
  }
  return groups
}

/** Where the numbers themselves leave gaps (Fisher and Jenks: least squares within the classes). */
function natural(sorted: number[], _different: number[], count: number): number[][] {
  const n = sorted.length
  const sum = [0]
  const square = [0]
  sorted.forEach((value, index) => {
    sum.push((sum[index] as number) + value)
    square.push((square[index] as number) + value * value)
  })
  const spread = (from: number, to: number) => {
    const total = (sum[to] as number) - (sum[from] as number)
    return (square[to] as number) - (square[from] as number) - (total * total) / (to - from)
  }
  let best = Array.from({ length: n + 1 }, (_, to) => (to === 0 ? 0 : spread(0, to)))
  const starts: number[][] = [Array(n + 1).fill(0) as number[]]
  for (let k = 1; k < count; k++) {
    const next = Array(n + 1).fill(Infinity) as number[]
    const start = Array(n + 1).fill(0) as number[]
    for (let to = k + 1; to <= n; to++) {
      for (let from = k; from < to; from++) {
        const cost = (best[from] as number) + spread(from, to)
        if (cost < (next[to] as number) - 1e-9) [next[to], start[to]] = [cost, from]
      }
    }
    best = next
    starts.push(start)
  }
  const groups: number[][] = []
  for (let k = count - 1, to = n; k >= 0; k--) {
    const from = starts[k]?.[to] ?? 0
    groups.unshift(sorted.slice(from, to))
    to = from
  }
  return groups
}

export function classOf(value: number, classes: readonly Class[]): Class | undefined {
  return classes.find(({ from, to }) => value >= from && value <= to)
}

/** Whole numbers as they are, others with as many digits as tell them apart. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('zh-CN')
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('zh-CN') : value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

export function rangeText({ from, to }: Class): string {
  return from === to ? numberText(from) : `${numberText(from)} – ${numberText(to)}`
}

/** Radius in pixels of a circle whose surface is in proportion to the value. */
export function radiusOf(value: number, largest: number): number {
  return largest > 0 && value > 0 ? Math.max(3, 34 * Math.sqrt(value / largest)) : 0
}
