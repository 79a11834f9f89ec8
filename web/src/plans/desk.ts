// What the user is about to do to a plan: the tool in hand, the chosen areas, the figure drawn and not yet applied.
import type { LineString, Polygon } from 'geojson'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { asProblem } from '@/api/problem'
import { changeable, levelsWithin, type Draft } from './draft'
import { cut, flatArea, within, type Position } from './plane'
import { centre } from './looks'
import type { ChangeBody } from './plan'
import { nothing, sizeOf, type Size } from './sizes'
import { exactly, partedBy, polygonsOf, type Polygons } from './topology'

export const TOOLS = { shape: 'V', split: 'S', merge: 'M', found: 'N', redraw: 'R', edge: 'E' } as const
export type Tool = keyof typeof TOOLS
export type Figure = LineString | Polygon
export interface Part {
  /** Whose it will be, where that is known. */
  code?: string
  size: Size
  polygons: Polygons
}
export interface Wishes {
  names?: string[]
  into?: string
  name?: string
  parent?: string
  follow?: boolean
}

/** How many areas a tool works on, and what is drawn with it. */
const NEEDS: Record<Tool, { areas: number; draws: 'linestring' | 'polygon' | null }> = {
  shape: { areas: 1, draws: null },
  split: { areas: 0, draws: 'linestring' },
  merge: { areas: Infinity, draws: null },
  found: { areas: 0, draws: 'polygon' },
  redraw: { areas: 0, draws: 'polygon' },
  edge: { areas: 2, draws: 'linestring' },
}

function isCut(polygons: Polygons, { coordinates }: Figure): boolean {
  return polygons.some(([outer]) => cut(outer!, coordinates as Position[]).length > 1)
}

/** Whether the middle of a drawn outline lies in an area, or the area's middle in the outline. */
function isUnder(polygons: Polygons, { coordinates }: Figure): boolean {
  const drawn = coordinates as Position[][]
  return polygons.some((rings) => within(rings, centre(drawn[0]!)) || within(drawn, centre(rings[0]!)))
}

export function useDesk(draft: Draft) {
  const tool = ref<Tool>('shape')
  const chosen = ref<string[]>([])
  const level = ref('')
  const vertex = ref<number | null>(null)
  const wanted = ref('') // which of several areas under a drawn line is split
  const figure = shallowRef<Figure | null>(null)
  const drawing = shallowRef<Figure | null>(null) // what is being drawn just now
  const dragged = shallowRef<string[]>([]) // areas whose size changes while a vertex is dragged
  const live = shallowRef<ReadonlyMap<string, Size>>(new Map())
  const message = ref('')
  const snaps = reactive({ net: true, roads: true, buildings: false })

  const levels = computed(() => (draft.division.value && draft.plan.value ? levelsWithin(draft.division.value, draft.plan.value.area_code) : []))
  const areas = computed(() => changeable(draft.areas.value.values(), level.value))
  const draws = computed(() => {
    const { areas: count, draws: what } = NEEDS[tool.value]
    return draft.isDraft.value && what && chosen.value.length >= count && !figure.value ? what : null
  })
  const isPending = computed(() => figure.value !== null || drawing.value !== null)
  const hint = computed(() => {
    if (!draft.isDraft.value) return 'readOnly'
    return NEEDS[tool.value].areas === 1 && !chosen.value.length ? 'pick' : tool.value
  })
  /** The areas that a line cuts or a redrawn outline may be meant for, the chosen one first. */
  const meant = computed(() => {
    const [drawn, net] = [figure.value ?? drawing.value, draft.net.value]
    if (!drawn || !net || (tool.value !== 'split' && tool.value !== 'redraw')) return []
    const found = areas.value.map(({ code }) => code).filter((code) => (drawn.type === 'LineString' ? isCut : isUnder)(polygonsOf(net, code), drawn))
    return found.sort((a, b) => Number(chosen.value.includes(b)) - Number(chosen.value.includes(a)))
  })
  const target = computed(() => (meant.value.includes(wanted.value) ? wanted.value : (meant.value[0] ?? chosen.value[0])))
  /** What the drawn line makes of it, the largest part first as the service orders them; of two neighbours, in their order. */
  const parts = computed<Part[]>(() => {
    const [line, net] = [figure.value ?? drawing.value, draft.net.value]
    if (line?.type !== 'LineString' || !net) return []
    const [one, other] = chosen.value
    if (tool.value === 'edge' && one && other) {
      const sides = partedBy(net, one, other, line.coordinates as Position[]) ?? []
      return sides.map((polygons, n) => ({ polygons, size: sizeIn(polygons), code: n ? other : one }))
    }
    if (tool.value !== 'split' || !target.value) return []
    const rings = polygonsOf(net, target.value).flatMap(([outer]) => cut(outer!, line.coordinates as Position[]))
    return rings.sort((a, b) => flatArea(b) - flatArea(a)).map((ring) => ({ polygons: [[ring]], size: sizeIn([[ring]]) }))
  })
  const drawnSize = computed(() => {
    const shape = figure.value ?? drawing.value
    return shape?.type === 'Polygon' ? sizeIn([shape.coordinates as Position[][]]) : null
  })

  watch(levels, (now) => {
    if (!now.some(({ code }) => code === level.value)) level.value = now[0]?.code ?? ''
  })
  watch([areas, level], () => {
    const there = new Set(areas.value.map(({ code }) => code))
    if (chosen.value.some((code) => !there.has(code))) chosen.value = chosen.value.filter((code) => there.has(code))
  })
  watch(chosen, () => (vertex.value = null))

  function sizeIn(polygons: Polygons): Size {
    return draft.homes.value ? sizeOf(polygons, draft.homes.value) : nothing()
  }

  function use(next: Tool): void {
    drop()
    tool.value = next
    message.value = ''
    if (next === 'found') chosen.value = []
    if (next === 'split' || next === 'redraw') chosen.value = chosen.value.slice(0, 1)
    if (NEEDS[next].areas === 1) chosen.value = chosen.value.slice(0, 1)
    if (NEEDS[next].areas === 2) chosen.value = chosen.value.slice(0, 2)
  }

  function choose(code: string | null): void {
    message.value = ''
    if (!code) return void (chosen.value = [])
    const most = NEEDS[tool.value].areas
    if (most <= 1) return void (chosen.value = [code])
    const others = chosen.value.filter((one) => one !== code)
    if (others.length < chosen.value.length) chosen.value = others
    else chosen.value = [...others, code].slice(-most)
  }

  /** The figure drawn so far is given up. */
  function drop(): void {
    figure.value = null
    drawing.value = null
  }

  function bodyOf({ names, into, name, parent, follow }: Wishes): ChangeBody | null {
    const [code, other] = chosen.value
    const shape = figure.value as unknown as Record<string, never>
    if (tool.value === 'split') return { operation: 'split', code: target.value, shape, names: names?.map((one) => one.trim()).filter(Boolean) }
    if (tool.value === 'merge') return { operation: 'merge', codes: chosen.value, into }
    if (tool.value === 'found') return { operation: 'found', parent_code: parent, name, shape }
    if (tool.value === 'edge') return { operation: 'move_edge', one: code, other, shape }
    if (tool.value !== 'redraw' || figure.value?.type !== 'Polygon' || !target.value) return null
    if (follow) return { operation: 'redraw', code: target.value, shape }
    return { operation: 'reshape', shapes: { [target.value]: asIs(figure.value) } }
  }

  /** The drawn polygon with the very vertices it was snapped to. */
  function asIs({ coordinates }: Polygon): Record<string, never> {
    const rings = coordinates.map((ring) => exactly(draft.net.value!, ring as Position[]))
    return { type: 'Polygon', coordinates: rings } as unknown as Record<string, never>
  }

  async function attempt(act: () => Promise<void>): Promise<boolean> {
    message.value = ''
    try {
      await act()
      return true
    } catch (thrown) {
      message.value = asProblem(thrown).detail
      return false
    }
  }

  async function apply(wishes: Wishes): Promise<void> {
    const body = bodyOf(wishes)
    if (!body || !(await attempt(() => draft.change(body)))) return
    drop()
    chosen.value = wishes.into ? [wishes.into] : body.code ? [body.code] : chosen.value.slice(0, 1)
  }

  /** The areas as they were dragged become a step; if the service refuses, everything stands as before. */
  async function reshaped(codes: Iterable<string>): Promise<boolean> {
    const net = draft.net.value!
    const shapes = Object.fromEntries(
      [...codes].map((code) => [code, { type: 'MultiPolygon', coordinates: polygonsOf(net, code) } as unknown as Record<string, never>]),
    )
    return attempt(() => draft.change({ operation: 'reshape', shapes }))
  }

  /** Counts the areas whose edges are being dragged. */
  function count(codes: string[]): void {
    const net = draft.net.value!
    dragged.value = codes
    live.value = new Map(codes.map((code) => [code, sizeIn(polygonsOf(net, code))]))
  }

  return {
    tool, chosen, level, levels, areas, vertex, figure, drawing, dragged, live, message, snaps, draws, isPending, hint, parts, meant, target, wanted, drawnSize,
    use, choose, drop, apply, attempt, reshaped, count, sizeIn,
  }
}

export type Desk = ReturnType<typeof useDesk>
