// Dragging vertices and edges of the net on the map, by mouse or finger. What is shared moves in all rings at once, since it is one vertex.
import type { Map as MapLibre, MapMouseEvent, MapTouchEvent } from 'maplibre-gl'
import type { Position } from './plane'
import { nearest, type Pixel, type Snapped } from './snap'
import { areasAt, copyOf, crossingAt, edgesOf, insertOn, type Edge, type Net } from './topology'

/** How near counts: a finger hides what it means. */
const NEAR_PX = { mouse: { vertex: 11, edge: 8 }, touch: { vertex: 26, edge: 14 } }

type Press = MapMouseEvent | MapTouchEvent
const reachOf = ({ originalEvent }: Press) => NEAR_PX['touches' in originalEvent ? 'touch' : 'mouse']

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

  function vertexAt(point: Pixel, reach: number): number | null {
    const now = on.at()
    if (!now) return null
    let [best, least]: [number | null, number] = [null, reach]
    for (const id of now.handles) {
      const { x, y } = pixel(now.net.points[id]!)
      const distance = Math.hypot(x - point.x, y - point.y)
      if (distance <= least) [best, least] = [id, distance]
    }
    return best
  }

  function edgeAt(point: Pixel, reach: number): { edge: Edge; at: Position } | null {
    const now = on.at()
    if (!now) return null
    let [best, least]: [{ edge: Edge; at: Position } | null, number] = [null, reach]
    for (const edge of edgesOf(now.net, now.codes)) {
      const [a, b] = [now.net.points[edge[0]]!, now.net.points[edge[1]]!]
      const [t, distance] = nearest(point, pixel(a), pixel(b))
      if (distance <= least) [best, least] = [{ edge, at: [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])] }, distance]
    }
    return best
  }

  function down(event: Press): void {
    const now = on.at()
    took = false
    if (held) return cancel() // a second finger: the map is zoomed instead
    if (!now || ('touches' in event.originalEvent ? event.originalEvent.touches.length > 1 : event.originalEvent.button !== 0)) return
    const reach = reachOf(event)
    const vertex = vertexAt(event.point, reach.vertex)
    const hit = vertex === null ? edgeAt(event.point, reach.edge) : null
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

  function hold(ids: number[], { lngLat }: Press, before: Net, isNew: boolean): void {
    const { net } = on.at()!
    const mine = new Set(ids)
    const edges = edgesOf(net, areasAt(net, ids)).filter(([a, b]) => mine.has(a) || mine.has(b))
    held = { ids, edges, before, isNew, has: false, from: ids.map((id) => net.points[id]!), start: [lngLat.lng, lngLat.lat] }
  }

  function move(event: Press): void {
    const now = on.at()
    if (!now) return
    if (!held) {
      const reach = reachOf(event)
      const cursor = vertexAt(event.point, reach.vertex) !== null ? 'grab' : edgeAt(event.point, reach.edge) ? 'copy' : ''
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

  /** The finger is lifted; without this the browser would tell of a click there as well. */
  function lifted({ originalEvent }: MapTouchEvent): void {
    if (took && originalEvent.cancelable) originalEvent.preventDefault()
    up()
  }

  function pressed({ key }: KeyboardEvent): void {
    if (key === 'Escape') cancel()
  }

  function cancel(): void {
    if (!held) return
    const { before } = held
    held = null
    on.refused('', before)
  }

  map.on('mousedown', down)
  map.on('mousemove', move)
  map.on('touchstart', down)
  map.on('touchmove', move)
  map.on('touchend', lifted)
  map.on('touchcancel', cancel)
  window.addEventListener('mouseup', up)
  window.addEventListener('keydown', pressed)
  return {
    /** Whether the press before a click was on a handle: then the click chooses no area. */
    tookClick: () => took,
    detach() {
      map.off('mousedown', down)
      map.off('mousemove', move)
      map.off('touchstart', down)
      map.off('touchmove', move)
      map.off('touchend', lifted)
      map.off('touchcancel', cancel)
      window.removeEventListener('mouseup', up)
      window.removeEventListener('keydown', pressed)
    },
  }
}
