// One vertex moved without a mouse: chosen from the outline in order, nudged in metres, added beside, taken out. What was nudged
// becomes one step when it is confirmed (or another vertex is chosen), and stands as before when it is given up.
import { computed, ref, watch } from 'vue'
import type { Desk } from './desk'
import type { Draft } from './draft'
import type { Position } from './plane'
import { areasAt, copyOf, crossingAt, insertOn, remove as takeOut, verticesOf, whyKept, type Net } from './topology'

const DEGREE_M = 111_320 // metres of one degree of latitude, near enough for a step
const SAME = 1e-8 // degrees: a vertex that came back from the service is the same one
export const STEPS_M = [1, 5, 20] as const

/** Why something cannot be done: a key of words.hints. */
export type Why = 'locked' | 'crossing' | 'meeting' | 'too-few' | null

/** A place so many metres further east and north. */
export function shifted([lon, lat]: Position, east: number, north: number): Position {
  return [lon + east / (DEGREE_M * Math.cos((lat * Math.PI) / 180)), lat + north / DEGREE_M]
}

/** The vertex that stands at a place. */
export function vertexAt(net: Net, [x, y]: Position): number | null {
  const id = net.points.findIndex(([lon, lat]) => Math.abs(lon - x) < SAME && Math.abs(lat - y) < SAME)
  return id < 0 ? null : id
}

export function useNudge(draft: Draft, desk: Desk) {
  const step = ref<number>(5)
  /** How far the vertex stands from where it was, in metres. */
  const away = ref<[east: number, north: number]>([0, 0])
  let before: Net | null = null

  const code = computed(() => desk.chosen.value[0] ?? '')
  /** The vertices of the chosen area along its outline. */
  const vertices = computed(() => (draft.net.value && code.value ? [...verticesOf(draft.net.value, [code.value])] : []))
  const isMoved = computed(() => away.value[0] !== 0 || away.value[1] !== 0)

  watch(desk.vertex, (_, was) => void confirm(was))
  watch(desk.tool, drop)
  watch(draft.division, settle) // undone or done again meanwhile

  /** The other areas of the level that share a vertex, by name. */
  function sharers(id: number): string[] {
    const among = draft.net.value ? [...areasAt(draft.net.value, [id])] : []
    return among.map((one) => draft.areas.value.get(one)!).filter((one) => one.code !== code.value && one.level === desk.level.value).map(({ name }) => name)
  }

  function choose(by: number): void {
    const count = vertices.value.length
    desk.vertex.value = vertices.value[(vertices.value.indexOf(desk.vertex.value ?? -1) + by + count) % count] ?? null
  }

  function nudge(east: number, north: number): Why {
    const [net, id] = [draft.net.value, desk.vertex.value]
    if (!net || id === null || draft.busy.value) return null
    if (draft.locked.value.has(id)) return 'locked'
    before ??= copyOf(net)
    net.points[id] = shifted(net.points[id]!, east * step.value, north * step.value)
    away.value = [away.value[0] + east * step.value, away.value[1] + north * step.value]
    draft.net.value = { ...net } // the same vertices, drawn anew
    desk.count([...areasAt(net, [id])].filter((one) => draft.areas.value.get(one)?.level === desk.level.value))
    return null
  }

  /** Back to where it was. */
  function drop(): void {
    if (before) draft.net.value = before
    settle()
  }

  function settle(): void {
    before = null
    away.value = [0, 0]
    desk.dragged.value = []
  }

  /** What was nudged becomes a step. */
  async function confirm(id = desk.vertex.value): Promise<Why> {
    const [net, was] = [draft.net.value, before]
    if (!net || !was || id === null || id === undefined) return null
    if (crossingAt(net, [id])) {
      drop()
      return 'crossing'
    }
    const chosen = desk.vertex.value
    await reshape(net, was, areasAt(net, [id]), chosen === null ? null : net.points[chosen]!)
    return null
  }

  /** The service numbers vertices anew; the one that stands at `keep` stays chosen. */
  async function reshape(net: Net, was: Net, codes: Set<string>, keep: Position | null): Promise<void> {
    before = null
    draft.net.value = { ...net }
    if (!(await desk.reshaped(codes))) draft.net.value = was
    settle()
    desk.vertex.value = keep && vertexAt(draft.net.value!, keep)
  }

  /** A new vertex half-way to the next one of the outline; it is chosen. */
  function add(): Why {
    drop()
    const [net, id] = [draft.net.value, desk.vertex.value]
    const ring = net?.rings.get(code.value)?.flat().find((one) => one.includes(id ?? -1))
    if (!net || !ring || id === null) return null
    const next = ring[(ring.indexOf(id) + 1) % ring.length]!
    if (draft.locked.value.has(id) && draft.locked.value.has(next)) return 'locked'
    const made = copyOf(net)
    const [a, b] = [made.points[id]!, made.points[next]!]
    const fresh = insertOn(made, [id, next], [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])
    draft.net.value = made
    desk.vertex.value = fresh
    return null
  }

  /** Takes the vertex out, as a step. */
  async function remove(): Promise<Why> {
    drop()
    const [net, id] = [draft.net.value, desk.vertex.value]
    if (!net || id === null) return null
    const why = draft.locked.value.has(id) ? 'locked' : whyKept(net, id)
    if (why) return why
    const was = copyOf(net)
    const touched = takeOut(net, id)
    desk.vertex.value = null
    await reshape(net, was, touched, null)
    return null
  }

  return { step, away, vertices, isMoved, sharers, choose, nudge, drop, confirm, add, remove }
}

export type Nudge = ReturnType<typeof useNudge>
