// Dragging vertices and edges of the net on the map. What is shared moves in all rings at once, since it is one vertex.
import type { Map as MapLibre, MapMouseEvent } from 'maplibre-gl'
import type { Position } from './plane'
import { nearest, type Pixel, type Snapped } from './snap'
import { areasAt, copyOf, crossingAt, edgesOf, insertOn, type Edge, type Net } from './topology'

const VERTEX_PX = 11
const EDGE_PX = 8

export interface Dragging {
  /** The net, and the vertices and areas that can be dragged now; null: nothing. */
  at(): { net: Net; handles: ReadonlySet<number>; codes: string[]; locked: ReadonlySet<number>; fixed(edge: Edge): boolean } | null
  snap(place: Position, but: ReadonlySet<number>): Snapped | null
  moved(ids: number[], edges: Edge[], snapped: boolean): void
  ended(codes: Set<string>, before: Net): void
  /** Put back as it was; `why` names the hint to show. */
  refused(why: string, before: Net): void
  chose(id: number | null): void
}

interface Held {
  ids: number[]
  from: Position[]
  start: Position
  edges: Edge[]
  before: Net
  isNew: boolean
  has: boolean
}

export function attachHandles(map: MapLibre, on: Dragging): { detach(): void; tookClick(): boolean } {
  let held: Held | null = null
  let took = false
  const pixel = (at: Position): Pixel => map.project(at)

  function vertexAt(point: Pixel): number | null {
    const now = on.at()
    if (!now) return null
    let [best, least]: [number | null, number] = [null, VERTEX_PX]
    for (const id of now.handles) {
      const { x, y } = pixel(now.net.points[id]!)
      const distance = Math.hypot(x - point.x, y - point.y)
      if (distance <= least) [best, least] = [id, distance]
    }
    return best
  }

  function edgeAt(point: Pixel): { edge: Edge; at: Position } | null {
    const now = on.at()
    if (!now) return null
    let [best, least]: [{ edge: Edge; at: Position } | null, number] = [null, EDGE_PX]
    for (const edge of edgesOf(now.net, now.codes)) {
      const [a, b] = [now.net.points[edge[0]]!, now.net.points[edge[1]]!]
      const [t, distance] = nearest(point, pixel(a), pixel(b))
      if (distance <= least) [best, least] = [{ edge, at: [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])] }, distance]
    }
    return best
  }

  function down(event: MapMouseEvent): void {
    const now = on.at()
    took = false
    if (!now || event.originalEvent.button !== 0) return
    const vertex = vertexAt(event.point)
    const hit = vertex === null ? edgeAt(event.point) : null
    if (vertex === null && !hit) return
    event.preventDefault() // the map stays where it is
    took = true
    const before = copyOf(now.net)
    if (vertex !== null) {
      if (now.locked.has(vertex)) return on.refused('locked', before)
      return hold([vertex], event, before, false)
    }
    if (now.fixed(hit!.edge)) return on.refused('locked', before)
    if (!event.originalEvent.shiftKey) return hold([insertOn(now.net, hit!.edge, hit!.at)], event, before, true)
    const free = hit!.edge.filter((id) => !now.locked.has(id))
    if (free.length) hold(free, event, before, false)
  }

  function hold(ids: number[], { lngLat }: MapMouseEvent, before: Net, isNew: boolean): void {
    const { net } = on.at()!
    const mine = new Set(ids)
    const edges = edgesOf(net, areasAt(net, ids)).filter(([a, b]) => mine.has(a) || mine.has(b))
    held = { ids, edges, before, isNew, has: false, from: ids.map((id) => net.points[id]!), start: [lngLat.lng, lngLat.lat] }
  }

  function move(event: MapMouseEvent): void {
    const now = on.at()
    if (!now) return
    if (!held) {
      const cursor = vertexAt(event.point) !== null ? 'grab' : edgeAt(event.point) ? 'copy' : ''
      map.getCanvas().style.cursor = cursor
      return
    }
    const { lng, lat } = event.lngLat
    const snapped = held.ids.length === 1 ? on.snap([lng, lat], new Set(held.ids)) : null
    held.ids.forEach((id, n) => {
      const [x, y] = held!.from[n]!
      now.net.points[id] = snapped?.at ?? (held!.ids.length === 1 ? [lng, lat] : [x + lng - held!.start[0], y + lat - held!.start[1]])
    })
    held.has = true
    on.moved(held.ids, held.edges, snapped !== null)
  }

  function up(): void {
    const now = on.at()
    if (!held || !now) return
    const { ids, before, has, isNew } = held
    held = null
    if (!has) {
      on.refused('', before)
      on.chose(isNew ? null : ids[0]!)
    } else if (crossingAt(now.net, ids)) on.refused('crossing', before)
    else on.ended(areasAt(now.net, ids), before)
  }

  function cancel(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || !held) return
    const { before } = held
    held = null
    on.refused('', before)
  }

  map.on('mousedown', down)
  map.on('mousemove', move)
  window.addEventListener('mouseup', up)
  window.addEventListener('keydown', cancel)
  return {
    /** Whether the press before a click was on a handle: then the click chooses no area. */
    tookClick: () => took,
    detach() {
      map.off('mousedown', down)
      map.off('mousemove', move)
      window.removeEventListener('mouseup', up)
      window.removeEventListener('keydown', cancel)
    },
  }
}
