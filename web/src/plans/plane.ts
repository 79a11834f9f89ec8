// Plane geometry in degrees for what is shown while drawing; the service decides exactly.
export type Position = [lon: number, lat: number]

/** How far along a segment (0..1) a point within `near` degrees of it lies; null beside it or at its ends. */
export function onSegment([x, y]: Position, [ax, ay]: Position, [bx, by]: Position, near: number): number | null {
  const [dx, dy] = [bx - ax, by - ay]
  const squared = dx * dx + dy * dy
  if (!squared) return null
  const t = ((x - ax) * dx + (y - ay) * dy) / squared
  if (t <= 0 || t >= 1 || Math.abs((x - ax) * dy - (y - ay) * dx) > near * Math.sqrt(squared)) return null
  return Math.hypot(x - ax, y - ay) <= near || Math.hypot(x - bx, y - by) <= near ? null : t
}

function side(a: Position, b: Position, c: Position): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
}

/** Where two segments cross properly; null when they only touch or do not meet. */
export function crossed(a: Position, b: Position, c: Position, d: Position): Position | null {
  if (Math.max(a[0], b[0]) < Math.min(c[0], d[0]) || Math.max(c[0], d[0]) < Math.min(a[0], b[0])) return null
  if (side(a, b, c) * side(a, b, d) >= 0 || side(c, d, a) * side(c, d, b) >= 0) return null
  const [rx, ry, sx, sy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]]
  const t = ((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / (rx * sy - ry * sx)
  return [a[0] + t * rx, a[1] + t * ry]
}

/** Whether a point lies within the rings of a polygon (even-odd). */
export function within(rings: Position[][], [x, y]: Position): boolean {
  let inside = false
  for (const ring of rings)
    for (let n = 0, last = ring.length - 1; n < ring.length; last = n++) {
      const [ax, ay] = ring[n]!
      const [bx, by] = ring[last]!
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
    }
  return inside
}

export type Box = [west: number, south: number, east: number, north: number]

export function boxOf(rings: Position[][]): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity]
  for (const ring of rings)
    for (const [x, y] of ring) {
      if (x < box[0]) box[0] = x
      if (y < box[1]) box[1] = y
      if (x > box[2]) box[2] = x
      if (y > box[3]) box[3] = y
    }
  return box
}

/** The area of a closed ring in square degrees. */
export function flatArea(ring: Position[]): number {
  const [x0, y0] = ring[0]!
  let doubled = 0
  for (let n = 0; n + 1 < ring.length; n++) {
    const [ax, ay] = ring[n]!
    const [bx, by] = ring[n + 1]!
    doubled += (ax - x0) * (by - y0) - (bx - x0) * (ay - y0)
  }
  return Math.abs(doubled) / 2
}

interface Crossing {
  /** Which segment of the line and how far along; which edge of the ring and how far along. */
  segment: number
  t: number
  edge: number
  u: number
  at: Position
}

/** The parts of a polygon (one closed ring) on the sides of a line that crosses it; the ring itself when it does not. */
export function cut(ring: Position[], line: Position[]): Position[][] {
  const all = crossings(ring, line)
  for (let n = 0; n + 1 < all.length; n++) {
    const [one, other] = [all[n]!, all[n + 1]!]
    const way = [one.at, ...line.slice(one.segment + 1, other.segment + 1), other.at]
    if (!within([ring], middle(way))) continue
    const parts = [closed([...way, ...along(ring, other, one)]), closed([...[...way].reverse(), ...along(ring, one, other)])]
    const rest: Position[] = [beyond(way), ...line.slice(other.segment + 1)]
    return rest.length > 1 ? parts.flatMap((part) => cut(part, rest)) : parts
  }
  return [ring]
}

/** A little past the end of a chord, so that the rest of the line does not meet the edge it left by. */
function beyond(way: Position[]): Position {
  const [a, b] = [way[way.length - 2]!, way[way.length - 1]!]
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1
  return [b[0] + ((b[0] - a[0]) / length) * 1e-9, b[1] + ((b[1] - a[1]) / length) * 1e-9]
}

function middle(way: Position[]): Position {
  const [a, b] = [way[0]!, way[1]!]
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}

function closed(ring: Position[]): Position[] {
  return [...ring, ring[0]!]
}

/** The ring's own vertices from one crossing forward to another. */
function along(ring: Position[], from: Crossing, to: Crossing): Position[] {
  const count = ring.length - 1
  const found: Position[] = []
  if (from.edge === to.edge && from.u < to.u) return found
  for (let n = from.edge + 1; ; n++) {
    found.push(ring[n % count]!)
    if (n % count === to.edge) return found
  }
}

function crossings(ring: Position[], line: Position[]): Crossing[] {
  const found: Crossing[] = []
  for (let segment = 0; segment + 1 < line.length; segment++)
    for (let edge = 0; edge + 1 < ring.length; edge++) {
      const [a, b, c, d] = [line[segment]!, line[segment + 1]!, ring[edge]!, ring[edge + 1]!]
      const at = crossed(a, b, c, d)
      if (at) found.push({ segment, edge, at, t: share(a, b, at), u: share(c, d, at) })
    }
  return found.sort((one, other) => one.segment - other.segment || one.t - other.t)
}

function share(a: Position, b: Position, at: Position): number {
  return Math.hypot(at[0] - a[0], at[1] - a[1]) / Math.hypot(b[0] - a[0], b[1] - a[1])
}
