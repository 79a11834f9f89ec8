// What a dragged or drawn point is drawn to: vertices first, then the nearest place on a line; measured in pixels.
import type { Position } from './plane'

export interface Pixel {
  x: number
  y: number
}

export type Project = (place: Position) => Pixel

export interface Snapped {
  at: Position
  to: 'vertex' | 'line'
}

/** The place to snap to within `reach` pixels, or null. Lines are lists of positions. */
export function snapped(place: Position, vertices: Iterable<Position>, lines: Iterable<Position[]>, project: Project, reach: number): Snapped | null {
  const here = project(place)
  let best: Snapped | null = null
  let least = reach
  for (const at of vertices) {
    const { x, y } = project(at)
    const distance = Math.hypot(x - here.x, y - here.y)
    if (distance <= least) [best, least] = [{ at, to: 'vertex' }, distance]
  }
  if (best) return best
  for (const line of lines)
    for (let n = 0; n + 1 < line.length; n++) {
      const [a, b] = [line[n]!, line[n + 1]!]
      const [t, distance] = nearest(here, project(a), project(b))
      if (distance <= least) [best, least] = [{ at: [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])], to: 'line' }, distance]
    }
  return best
}

/** How far along a segment the nearest place lies, and how far away it is. */
export function nearest({ x, y }: Pixel, a: Pixel, b: Pixel): [t: number, distance: number] {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const squared = dx * dx + dy * dy
  const t = squared ? Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / squared)) : 0
  return [t, Math.hypot(a.x + t * dx - x, a.y + t * dy - y)]
}
