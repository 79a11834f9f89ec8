// The division as one net: every vertex stands once, and all rings that pass it share it. Moving it moves every neighbour's edge,
// a new vertex goes into all rings of its edge, and what goes back to the service has the very coordinates that came from it.
import { boxOf, crossed, cut, flatArea, onSegment, within, type Position } from './plane'

/** GeoJSON MultiPolygon coordinates: polygons > rings > positions, rings closed. */
export type Polygons = Position[][][]

export interface Net {
  /** Where each vertex stands; longitude and latitude in degrees. */
  points: Position[]
  /** Area code > polygons > rings > vertices; rings are not closed. */
  rings: Map<string, number[][][]>
}

export type Edge = [from: number, to: number]

const TOUCH = 1e-9 // degrees: what lies nearer to an edge lies on it (0.1 mm), as in the service's check
const CELL = 5e-4 // degrees: edges are looked up by squares of about 50 m

/** The net of areas; a vertex on another area's edge becomes a vertex of that edge too. */
export function netOf(areas: { code: string; polygons: Polygons }[]): Net {
  const ids = new Map<string, number>()
  const points: Position[] = []
  const rings = new Map<string, number[][][]>()
  const vertex = ([x, y]: Position): number => {
    const key = `${x},${y}`
    const known = ids.get(key)
    if (known !== undefined) return known
    ids.set(key, points.length)
    return points.push([x, y]) - 1
  }
  for (const { code, polygons } of areas)
    rings.set(code, polygons.map((polygon) => polygon.map((ring) => distinct(ring.slice(0, -1).map(vertex)))))
  return node({ points, rings })
}

function distinct(ring: number[]): number[] {
  return ring.filter((id, n) => id !== ring[(n + 1) % ring.length])
}

function node(net: Net): Net {
  const cells = cellsOf(net)
  for (const polygons of net.rings.values())
    for (const polygon of polygons)
      polygon.forEach((ring, n) => {
        const members = new Set(ring)
        polygon[n] = ring.flatMap((from, at) => [from, ...between(net, from, ring[(at + 1) % ring.length]!, cells, members)])
      })
  return net
}

/** The vertices by the square they stand in. */
function cellsOf({ points }: Net): Map<string, number[]> {
  const cells = new Map<string, number[]>()
  points.forEach(([x, y], id) => {
    const key = `${Math.floor(x / CELL)},${Math.floor(y / CELL)}`
    const found = cells.get(key)
    if (found) found.push(id)
    else cells.set(key, [id])
  })
  return cells
}

/** The vertices that lie on an edge and are none of its ring's, in its order. */
function between(net: Net, from: number, to: number, cells: Map<string, number[]>, members: Set<number>): number[] {
  const a = net.points[from]!
  const b = net.points[to]!
  const found: [number, number][] = []
  const [west, east] = [Math.min(a[0], b[0]) - TOUCH, Math.max(a[0], b[0]) + TOUCH]
  const [south, north] = [Math.min(a[1], b[1]) - TOUCH, Math.max(a[1], b[1]) + TOUCH]
  for (let x = Math.floor(west / CELL); x <= Math.floor(east / CELL); x++)
    for (let y = Math.floor(south / CELL); y <= Math.floor(north / CELL); y++)
      for (const id of cells.get(`${x},${y}`) ?? []) {
        const at = members.has(id) ? null : onSegment(net.points[id]!, a, b, TOUCH)
        if (at !== null) found.push([at, id])
      }
  return found.sort((one, other) => one[0] - other[0]).map(([, id]) => id)
}

/** Every ring with its area's code. */
function* allRings(net: Net, codes?: Iterable<string>): Generator<[code: string, ring: number[], polygon: number[][], n: number]> {
  for (const code of codes ?? net.rings.keys())
    for (const polygon of net.rings.get(code) ?? []) for (let n = 0; n < polygon.length; n++) yield [code, polygon[n]!, polygon, n]
}

/** The areas whose rings pass one of these vertices. */
export function areasAt(net: Net, ids: Iterable<number>): Set<string> {
  const wanted = new Set(ids)
  const found = new Set<string>()
  for (const [code, ring] of allRings(net)) if (!found.has(code) && ring.some((id) => wanted.has(id))) found.add(code)
  return found
}

/** Every edge of some areas once, whichever way round and however many rings it is in. */
export function edgesOf(net: Net, codes?: Iterable<string>): Edge[] {
  const found = new Map<string, Edge>()
  for (const [, ring] of allRings(net, codes))
    ring.forEach((from, n) => {
      const to = ring[(n + 1) % ring.length]!
      found.set(from < to ? `${from}-${to}` : `${to}-${from}`, [from, to])
    })
  return [...found.values()]
}

export function verticesOf(net: Net, codes: Iterable<string>): Set<number> {
  const found = new Set<number>()
  for (const [, ring] of allRings(net, codes)) for (const id of ring) found.add(id)
  return found
}

/** A new vertex on an edge: into every ring that has the edge. */
export function insertOn(net: Net, [a, b]: Edge, at: Position): number {
  const id = net.points.push(at) - 1
  for (const [, ring, polygon, n] of allRings(net)) {
    const made = ring.flatMap((from, k) => {
      const to = ring[(k + 1) % ring.length]!
      return (from === a && to === b) || (from === b && to === a) ? [from, id] : [from]
    })
    if (made.length > ring.length) polygon[n] = made
  }
  return id
}

/** Why a vertex cannot be taken out, or null. Where three edges meet it holds the neighbours together. */
export function whyKept(net: Net, id: number): 'meeting' | 'too-few' | null {
  const beside = new Set<number>()
  for (const [, ring] of allRings(net)) {
    const n = ring.indexOf(id)
    if (n < 0) continue
    if (ring.length <= 3) return 'too-few'
    beside.add(ring[(n + 1) % ring.length]!).add(ring[(n + ring.length - 1) % ring.length]!)
  }
  return beside.size > 2 ? 'meeting' : null
}

/** Takes a vertex out of every ring; answers the areas that had it. */
export function remove(net: Net, id: number): Set<string> {
  const touched = areasAt(net, [id])
  for (const [, ring, polygon, n] of allRings(net, touched)) polygon[n] = ring.filter((one) => one !== id)
  return touched
}

/** Where the edges at these vertices cross another edge of the net; null where they do not. */
export function crossingAt(net: Net, ids: Iterable<number>): Position | null {
  const moved = new Set(ids)
  const edges = edgesOf(net)
  const mine = edges.filter(([a, b]) => moved.has(a) || moved.has(b))
  for (const [a, b] of mine)
    for (const [c, d] of edges) {
      if (a === c || a === d || b === c || b === d) continue
      const at = crossed(net.points[a]!, net.points[b]!, net.points[c]!, net.points[d]!)
      if (at) return at
    }
  return null
}

/** An area as GeoJSON coordinates; vertices dropped onto each other stand once. */
export function polygonsOf(net: Net, code: string): Polygons {
  return (net.rings.get(code) ?? []).map((polygon) =>
    polygon.map((ring) => {
      const line = ring.map((id) => net.points[id]!).filter(([x, y], n, all) => {
        const next = all[(n + 1) % all.length]!
        return x !== next[0] || y !== next[1]
      })
      return [...line, line[0]!]
    }),
  )
}

/** The outline of several areas together: edges that two of them share fall away. */
export function outlineOf(net: Net, codes: Iterable<string>): Position[][] {
  const next = new Map<number, number[]>()
  const edges = new Map<string, Edge>()
  for (const [, ring] of allRings(net, codes))
    ring.forEach((from, n) => {
      const to = ring[(n + 1) % ring.length]!
      if (!edges.delete(`${to}-${from}`)) edges.set(`${from}-${to}`, [from, to])
    })
  for (const [from, to] of edges.values()) next.set(from, [...(next.get(from) ?? []), to])
  const found: Position[][] = []
  for (const start of next.keys())
    while (next.get(start)?.length) {
      const ring = [start]
      let at = next.get(start)!.pop()!
      while (at !== start) {
        ring.push(at)
        const on = next.get(at)?.pop()
        if (on === undefined) break
        at = on
      }
      found.push([...ring, start].map((id) => net.points[id]!))
    }
  return found
}

const SAMPLES = 24 // per side: enough to tell which of two areas a part mostly lay in

/** Two neighbours as they would be with a line as their common edge, as the service parts them; null where it does not part them. */
export function partedBy(net: Net, one: string, other: string, line: Position[]): [Polygons, Polygons] | null {
  const [outline] = outlineOf(net, [one, other]).sort((a, b) => flatArea(b) - flatArea(a))
  const [mine, theirs] = [polygonsOf(net, one), polygonsOf(net, other)]
  const sides: [Polygons, Polygons] = [[], []]
  for (const ring of outline ? cut(outline, line) : []) sides[samples(ring, mine) >= samples(ring, theirs) ? 0 : 1].push([ring])
  return sides[0].length && sides[1].length ? sides : null
}

/** How many points of a grid over a ring lie in it and in an area. */
function samples(ring: Position[], area: Polygons): number {
  const [west, south, east, north] = boxOf([ring])
  let count = 0
  for (let x = 0.5; x < SAMPLES; x++)
    for (let y = 0.5; y < SAMPLES; y++) {
      const at: Position = [west + ((east - west) * x) / SAMPLES, south + ((north - south) * y) / SAMPLES]
      if (within([ring], at) && area.some((rings) => within(rings, at))) count++
    }
  return count
}

/** A drawn position becomes the vertex that stands there (within a centimetre): drawing tools round what they snapped to. */
export function exactly(net: Net, drawn: Position[]): Position[] {
  const cells = cellsOf(net)
  return drawn.map(([x, y]) => {
    for (const id of cells.get(`${Math.floor(x / CELL)},${Math.floor(y / CELL)}`) ?? []) {
      const [a, b] = net.points[id]!
      if (Math.abs(a - x) < 1e-7 && Math.abs(b - y) < 1e-7) return [a, b]
    }
    return [x, y]
  })
}

/** A copy whose vertices may be moved without moving the first one's. */
export function copyOf({ points, rings }: Net): Net {
  return { points: points.map(([x, y]) => [x, y]), rings: new Map([...rings].map(([code, all]) => [code, structuredClone(all)])) }
}
