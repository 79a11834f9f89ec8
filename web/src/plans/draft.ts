// One plan on the desk: its division as a net, the sizes of its areas, the check that follows every step, and the steps themselves.
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import { asks, polygonsIn, SERIOUS, type Area, type ChangeBody, type Check, type Division, type Drafted } from './plan'
import { homesOf, sizeOf, type Homes, type Size } from './sizes'
import { netOf, polygonsOf, verticesOf, type Net } from './topology'

const CHECK_AFTER_MS = 400

export function useDraft(id: number, mayWrite: boolean) {
  const plan = shallowRef<Drafted | null>(null)
  const division = shallowRef<Division | null>(null)
  const net = shallowRef<Net | null>(null)
  const homes = shallowRef<Homes | null>(null)
  const before = shallowRef<ReadonlyMap<string, Size>>(new Map())
  const check = shallowRef<Check | null>(null)
  const checking = ref(false)
  const checkProblem = ref<Problem | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let timer = 0
  let running: AbortController | null = null

  const areas = computed(() => new Map(division.value?.features.map(({ properties }) => [properties.code, properties]) ?? []))
  const sizes = computed(() => {
    const [found, counted, drawn] = [new Map<string, Size>(), homes.value, net.value]
    if (counted && drawn)
      for (const { code, inside } of areas.value.values()) if (inside) found.set(code, sizeOf(polygonsOf(drawn, code), counted))
    return found
  })
  /** Vertices that stay: on the outer edge of the plan's area, and of areas beyond it. */
  const locked = computed(() => {
    const beyond = [...areas.value.values()].filter(({ code, inside }) => !inside || code === plan.value?.area_code)
    return net.value ? verticesOf(net.value, beyond.map(({ code }) => code)) : new Set<number>()
  })
  const isDraft = computed(() => mayWrite && plan.value?.status === 'draft')
  const faults = computed(() => check.value?.findings.filter((one) => one.is_new && SERIOUS.has(one.kind)) ?? [])

  async function load(): Promise<void> {
    problem.value = null
    try {
      const found = await asks.changes(id)
      const [shapes, counted, now] = await Promise.all([
        asks.division(id),
        mayWrite ? asks.homes(id) : null,
        asks.sizes(found.area_code),
      ])
      homes.value = counted && homesOf(counted.rows)
      before.value = new Map(now.items.map((item) => [item.code, item]))
      lay(found, shapes)
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  function lay(found: Drafted, shapes: Division): void {
    net.value = netOf(shapes.features.map(({ properties, geometry }) => ({ code: properties.code, polygons: polygonsIn(geometry) })))
    division.value = shapes
    plan.value = found
    clearTimeout(timer)
    timer = window.setTimeout(() => void recheck(), CHECK_AFTER_MS)
  }

  async function recheck(): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    checking.value = true
    checkProblem.value = null
    try {
      check.value = await asks.check(id, mine.signal)
    } catch (thrown) {
      if (isAbort(thrown)) return
      checkProblem.value = asProblem(thrown)
    }
    if (running === mine) checking.value = false
  }

  /** One step at a time: asks the service, then shows the division as it is now. Throws the service's refusal. */
  async function step(act: () => Promise<unknown>): Promise<void> {
    if (busy.value) return
    busy.value = true
    try {
      await act()
      const [found, shapes] = await Promise.all([asks.changes(id), asks.division(id)])
      lay(found, shapes)
    } catch (thrown) {
      if (asProblem(thrown).code === 'plan_moved') await load()
      throw thrown
    } finally {
      busy.value = false
    }
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })

  return {
    plan, division, net, homes, before, check, checking, checkProblem, problem, busy, areas, sizes, locked, isDraft, faults,
    load, recheck, step,
    change: (body: ChangeBody) => step(() => asks.change(id, { ...body, seen: plan.value?.steps.last })),
    drop: (code: string) => step(() => asks.drop(id, code)),
    undo: () => step(() => asks.undo(id)),
    redo: () => step(() => asks.redo(id)),
    repair: (key: string, how: string) => step(() => asks.repair(id, key, how)),
  }
}

export type Draft = ReturnType<typeof useDraft>

/** The lowest level that has areas within the plan. */
export function levelsWithin(division: Division, own: string): { code: string; name: string }[] {
  const used = new Set(division.features.filter(({ properties: { inside, code } }) => inside && code !== own).map(({ properties }) => properties.level))
  return division.levels.filter(({ code }) => used.has(code)).reverse()
}

/** Areas of a level that may be changed in the plan. */
export function changeable(areas: Iterable<Area>, level: string): Area[] {
  return [...areas].filter((area) => area.inside && area.level === level).sort((a, b) => (a.code < b.code ? -1 : 1))
}
