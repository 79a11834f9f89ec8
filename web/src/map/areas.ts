// The division, fetched level by level as one opens it, and the area one is in.
import { computed, reactive, ref } from 'vue'
import { answer, client } from '@/api/client'
import type { Problem } from '@/api/problem'
import type { paths } from '@/api/schema'
import type { Bounds } from '@/api/types'

export interface AreaLink {
  code: string
  name: string
  level: string
  level_name: string
  kind: string
  bounds: Bounds | null
}

export interface AreaItem extends AreaLink {
  /** How many areas stand right below. */
  children: number
  lon: number | null
  lat: number | null
  area_m2: number | null
}

export interface TreeRow {
  item: AreaItem
  /** 1 for the topmost. */
  depth: number
  open: boolean
  /** Its place among its siblings, from 1, and how many they are. */
  position: number
  siblings: number
}

/** A level that has areas below, and how many. */
export interface LevelBelow {
  code: LevelCode
  name: string
  count: number
}

interface Told {
  chain: AreaLink[]
  items: AreaItem[]
  levels: LevelBelow[]
}

export type LevelCode = NonNullable<NonNullable<paths['/api/map/areas']['get']['parameters']['query']>['level']>

const TOP = ''

/** The rows a tree shows: every known area whose parents are all open, in order. */
export function treeRows(below: Readonly<Record<string, AreaItem[]>>, open: ReadonlySet<string>, parent = TOP, depth = 1): TreeRow[] {
  const items = below[parent] ?? []
  return items.flatMap((item, index) => {
    const isOpen = item.children > 0 && open.has(item.code)
    const row = { item, depth, open: isOpen, position: index + 1, siblings: items.length }
    return [row, ...(isOpen ? treeRows(below, open, item.code, depth + 1) : [])]
  })
}

export function useAreas() {
  const below = reactive<Record<string, AreaItem[]>>({})
  const levelsBelow = reactive<Record<string, LevelBelow[]>>({})
  const chain = ref<AreaLink[]>([])
  const open = ref<ReadonlySet<string>>(new Set())
  const problem = ref<Problem | null>(null)
  const busy = ref<ReadonlySet<string>>(new Set())
  let day: string | null = null
  let asked = 0

  const focus = computed(() => chain.value[chain.value.length - 1] ?? null)
  /** What stands right below the area one is in; the area itself when nothing does. */
  const parts = computed<AreaItem[]>(() => below[focus.value?.code ?? TOP] ?? [])
  const levels = computed(() => levelsBelow[focus.value?.code ?? TOP] ?? [])
  const rows = computed(() => treeRows(below, open.value))

  function ask(code: string, level?: LevelCode): Promise<Told> {
    const query = { ...(code ? { code } : {}), ...(level ? { level } : {}), ...(day ? { at: day } : {}) }
    return answer<Told>(client.GET('/api/map/areas', { params: { query } }))
  }

  /** All areas of a level below the one one is in. */
  async function ofLevel(level: LevelCode): Promise<AreaItem[]> {
    return (await ask(focus.value?.code ?? TOP, level)).items
  }

  async function load(code: string): Promise<Told> {
    busy.value = new Set([...busy.value, code])
    try {
      const of = day
      const told = await ask(code)
      if (of !== day) return told // the division of the day one has left
      below[code] = told.items
      levelsBelow[code] = told.levels
      return told
    } finally {
      busy.value = new Set([...busy.value].filter((other) => other !== code))
    }
  }

  async function toggle(code: string, wanted = !open.value.has(code)): Promise<void> {
    const codes = new Set(open.value)
    if (wanted) codes.add(code)
    else codes.delete(code)
    open.value = codes
    if (wanted && !below[code]) await tried(() => load(code))
  }

  /** Goes into an area (out to the top without one); the tree opens along the way. Answers the area, or nothing when it is not there. */
  async function enter(code: string | null): Promise<AreaLink | null> {
    const mine = ++asked
    if (code === null) {
      chain.value = []
      if (!below[TOP]) await tried(() => load(TOP))
      return null
    }
    const told = await tried(() => load(code))
    if (!told || mine !== asked) return null
    chain.value = told.chain
    open.value = new Set([...open.value, ...told.chain.map((link) => link.code)])
    for (const above of told.chain.slice(0, -1)) if (!below[above.code]) await tried(() => load(above.code))
    return told.chain[told.chain.length - 1] ?? null
  }

  /** The division of another day. */
  async function on(wanted: string | null): Promise<void> {
    if (wanted === day) return
    day = wanted
    const known = Object.keys(below).filter((code) => code === TOP || open.value.has(code) || code === focus.value?.code)
    for (const code of Object.keys(below)) if (!known.includes(code)) delete below[code]
    await Promise.all(known.map((code) => tried(() => load(code))))
  }

  /** The first look on a day: into the wished area, or the topmost when there is only one. Answers the area one is in. */
  async function begin(wanted: string | null, code: string | null): Promise<AreaLink | null> {
    await on(wanted)
    await tried(() => load(TOP))
    const start = code ?? (below[TOP]?.length === 1 ? below[TOP][0]?.code : null)
    return start ? enter(start) : null
  }

  async function tried<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      problem.value = null
      return await act()
    } catch (thrown) {
      problem.value = thrown as Problem
      return null
    }
  }

  return { below, chain, focus, parts, levels, ofLevel, rows, open, problem, busy, load: () => tried(() => load(TOP)), begin, toggle, enter, on }
}
