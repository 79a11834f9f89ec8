import { describe, expect, it } from 'vitest'
import { drawnParts } from './looks'
import { flatArea, cut, within, type Position } from './plane'
import { homesOf, judged, sizeOf } from './sizes'
import { snapped } from './snap'
import { areasAt, copyOf, crossingAt, edgesOf, exactly, insertOn, netOf, outlineOf, partedBy, polygonsOf, remove, verticesOf, whyKept } from './topology'

const [WEST, SOUTH, SIDE, STEPS] = [106.5, 29.5, 0.004, 16]

/** A wavy way between two corners, the same from either side: what a street between two grids looks like. */
function way(a: Position, b: Position): Position[] {
  const found: Position[] = []
  for (let n = 0; n < STEPS; n++) {
    const t = n / STEPS
    const off = Math.sin(t * Math.PI) * Math.sin(a[0] * 9e3 + a[1] * 7e3 + n) * 2e-4
    found.push([a[0] + t * (b[0] - a[0]) - off * Math.sign(b[1] - a[1]), a[1] + t * (b[1] - a[1]) + off * Math.sign(b[0] - a[0])])
  }
  return found
}

/** A community of columns x rows grids with irregular edges of 16 vertices each, and its own outline. */
function town(columns: number, rows: number) {
  const corner = (x: number, y: number): Position => [WEST + x * SIDE + Math.sin(y * 5 + x) * 3e-4, SOUTH + y * SIDE + Math.cos(x * 3) * 3e-4]
  const line = (x1: number, y1: number, x2: number, y2: number): Position[] => {
    const forward = x2 > x1 || y2 > y1
    const [a, b] = forward ? [corner(x1, y1), corner(x2, y2)] : [corner(x2, y2), corner(x1, y1)]
    const made = [...way(a, b), b]
    return (forward ? made : made.reverse()).slice(0, -1)
  }
  const grids = []
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const ring = [...line(x, y, x + 1, y), ...line(x + 1, y, x + 1, y + 1), ...line(x + 1, y + 1, x, y + 1), ...line(x, y + 1, x, y)]
      grids.push({ code: `g${y * columns + x}`, polygons: [[[...ring, ring[0]!]]] })
    }
  return grids
}

const area = (net: ReturnType<typeof netOf>, code: string) => flatArea(polygonsOf(net, code)[0]![0]!)

describe('the net of a division', () => {
  it('gives back the very coordinates it was made from', () => {
    const grids = town(4, 3)
    const net = netOf(grids)
    for (const { code, polygons } of grids) expect(polygonsOf(net, code)).toEqual(polygons)
  })

  it('moves a shared vertex in all rings, and no land is lost or held twice', () => {
    const grids = town(4, 3)
    const net = netOf(grids)
    const before = grids.reduce((sum, { code }) => sum + area(net, code), 0)
    const shared = [...verticesOf(net, ['g5'])].filter((id) => areasAt(net, [id]).size >= 2)
    expect(shared.length).toBeGreaterThan(60)
    for (const id of shared) net.points[id] = [net.points[id]![0] + 1.23456789e-6, net.points[id]![1] - 2.1e-6]
    const after = grids.reduce((sum, { code }) => sum + area(net, code), 0)
    expect(Math.abs(after - before)).toBeLessThan(1e-15)
    for (const id of shared)
      for (const code of areasAt(net, [id]))
        expect(polygonsOf(net, code).flat(2).some((at) => at[0] === net.points[id]![0] && at[1] === net.points[id]![1])).toBe(true)
  })

  it('puts a vertex on a neighbour’s edge into that edge', () => {
    const square = (x: number, y: number, side: number): Position[][] => [
      [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]],
    ]
    const net = netOf([
      { code: 'big', polygons: [square(0, 0, 2)] },
      { code: 'low', polygons: [square(2, 0, 1)] },
      { code: 'high', polygons: [square(2, 1, 1)] },
    ])
    const meeting = net.points.findIndex(([x, y]) => x === 2 && y === 1)
    expect(areasAt(net, [meeting])).toEqual(new Set(['big', 'low', 'high']))
    expect(whyKept(net, meeting)).toBe('meeting')
  })

  it('inserts a vertex into both neighbours and takes it out of both', () => {
    const net = netOf(town(3, 1))
    const edge = edgesOf(net, ['g0']).find(([a, b]) => areasAt(net, [a]).has('g1') && areasAt(net, [b]).has('g1'))!
    const whole = copyOf(net)
    const id = insertOn(net, edge, [WEST, SOUTH])
    expect(areasAt(net, [id])).toEqual(new Set(['g0', 'g1']))
    expect(whyKept(net, id)).toBe(null)
    expect(remove(net, id)).toEqual(new Set(['g0', 'g1']))
    expect(net.rings).toEqual(whole.rings)
  })

  it('tells when a moved edge crosses another', () => {
    const net = netOf(town(3, 1))
    const id = [...verticesOf(net, ['g0'])].find((one) => areasAt(net, [one]).has('g1'))!
    expect(crossingAt(net, [id])).toBe(null)
    net.points[id] = [WEST - 3 * SIDE, SOUTH]
    expect(crossingAt(net, [id])).not.toBe(null)
  })

  it('outlines several areas without the edges between them', () => {
    const net = netOf(town(2, 2))
    const [ring, ...others] = outlineOf(net, ['g0', 'g1', 'g2', 'g3'])
    expect(others).toEqual([])
    expect(ring).toHaveLength(8 * STEPS + 1)
    expect(flatArea(ring!)).toBeCloseTo(['g0', 'g1', 'g2', 'g3'].reduce((sum, code) => sum + area(net, code), 0), 14)
  })

  it('finds again the vertex that a drawing tool rounded', () => {
    const net = netOf(town(1, 1))
    const [x, y] = net.points[20]!
    expect(exactly(net, [[Number(x.toFixed(9)), Number(y.toFixed(9))], [1, 2]])).toEqual([[x, y], [1, 2]])
  })

  it('is made of a district of 1,500 grids well within a second', () => {
    const grids = town(50, 30)
    const start = performance.now()
    const net = netOf(grids)
    expect(net.rings.size).toBe(1500)
    expect(performance.now() - start).toBeLessThan(5000) // some 300 ms on a quiet machine
  })
})

describe('a line across a polygon', () => {
  const square: Position[] = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]

  it('cuts it in two', () => {
    const parts = cut(square, [[-1, 1], [2, 3], [5, 1]])
    expect(parts).toHaveLength(2)
    expect(parts.map(flatArea).reduce((a, b) => a + b) / flatArea(square)).toBeCloseTo(1, 9)
  })

  it('cuts it in three when it comes back', () => {
    const parts = cut(square, [[-1, 1], [5, 1], [5, 3], [-1, 3]])
    expect(parts).toHaveLength(3)
    expect(parts.map(flatArea).reduce((a, b) => a + b) / flatArea(square)).toBeCloseTo(1, 6)
  })

  it('leaves it whole when it ends inside', () => {
    expect(cut(square, [[-1, 1], [2, 2]])).toEqual([square])
  })
})

describe('a new common edge of two neighbours', () => {
  const grids = town(4, 3)
  const net = netOf(grids)
  const x = WEST + 2.2 * SIDE // g5 and g6 meet at 2
  const sum = (polygons: Position[][][]) => polygons.reduce((all, [outer]) => all + flatArea(outer!), 0)

  it('parts what they hold together, each keeping the side where it mostly lay', () => {
    const line: Position[] = [[x, SOUTH + 0.8 * SIDE], [x + 1e-4, SOUTH + 1.5 * SIDE], [x, SOUTH + 2.2 * SIDE]]
    const [mine, theirs] = partedBy(net, 'g5', 'g6', line)!
    expect(sum(mine) + sum(theirs)).toBeCloseTo(area(net, 'g5') + area(net, 'g6'), 14)
    expect(sum(mine)).toBeGreaterThan(area(net, 'g5'))
    expect(within(mine[0]!, [WEST + 1.5 * SIDE, SOUTH + 1.5 * SIDE])).toBe(true)
    expect(partedBy(net, 'g6', 'g5', line)![1]).toEqual(mine)
  })

  it('is none where the line does not part them', () => {
    expect(partedBy(net, 'g5', 'g6', [[x, SOUTH + 1.4 * SIDE], [x, SOUTH + 1.6 * SIDE]])).toBeNull()
  })
})

describe('sizes', () => {
  const homes = homesOf([[1, 1, 30, 70, 1, 0], [3, 3, 5, 9, 1, 2], [9, 1, 1, 1, 1, 1]])

  it('count what lies within', () => {
    const square: Position[] = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    expect(sizeOf([[square]], homes)).toEqual({ households: 35, residents: 79, buildings: 2, premises: 2 })
    const hole: Position[] = [[2, 2], [3.5, 2], [3.5, 3.5], [2, 3.5], [2, 2]]
    expect(sizeOf([[square, hole]], homes).households).toBe(30)
    expect(within([square, hole], [3, 3])).toBe(false)
  })

  it('are judged by the rule, exclusive grids are not', () => {
    const rule = { low: 200, high: 500 }
    expect([199, 200, 501].map((n) => judged(n, 'ordinary', rule))).toEqual(['few', 'good', 'many'])
    expect(judged(1, 'exclusive', rule)).toBe('free')
  })
})

describe('snapping', () => {
  const project = ([x, y]: Position) => ({ x: x * 100, y: y * 100 })

  it('takes a vertex before a nearer line, and the vertex itself', () => {
    const vertex: Position = [1.05, 1]
    const line: Position[] = [[0, 1.01], [2, 1.01]]
    expect(snapped([1, 1], [vertex], [line], project, 10)).toEqual({ at: vertex, to: 'vertex' })
    expect(snapped([1, 1], [], [line], project, 10)).toEqual({ at: [1, 1.01], to: 'line' })
    expect(snapped([1, 2], [vertex], [line], project, 10)).toBe(null)
  })
})

it('numbers the parts on the map as in the list beside it', () => {
  const square: Position[] = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
  const { features } = drawnParts([{ said: '163户', polygons: [[square]] }, { said: '208户', polygons: [[square]] }])
  const names = features.filter(({ geometry }) => geometry.type === 'Point').map(({ properties }) => properties)
  expect(names).toMatchObject([{ number: '1', label: '1\n163户' }, { number: '2', label: '2\n208户' }])
})
