// The thematic map's state: what can be counted, what is wished, what the service counted for the parts of an area.
import { computed, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { isAbort, type Problem } from '@/api/problem'
import type { AreaItem, LevelCode } from './areas'
import { choicesOf, themeClasses, valuesOf, type Counted, type ThemeWish } from './theme'

export interface Countable {
  name: string
  title: string
  fields: { key: string; label: string }[]
}

interface Told {
  items: { name: string; title: string; fields: { key: string; label: string; kind: string }[] }[]
}

/** What is worth a map, in the order people ask for it; areas themselves and who works there are not. */
const WORTH = ['residents', 'households', 'rooms', 'buildings', 'units', 'estates', 'premises', 'events']
const BY_KINDS = ['code', 'codes', 'truth', 'age']

export function useTheme() {
  const registers = ref<Countable[]>([])
  const wish = ref<ThemeWish | null>(null)
  const counted = shallowRef<Counted | null>(null)
  const parts = shallowRef<readonly AreaItem[]>([])
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let running: AbortController | null = null

  const sizes = computed(() => new Map(parts.value.map(({ code, area_m2 }) => [code, area_m2 ?? 0])))
  const choices = computed(() => (counted.value && wish.value?.by ? choicesOf(counted.value) : []))
  const values = computed(() => (counted.value && wish.value ? valuesOf(counted.value, wish.value, sizes.value) : []))
  const classes = computed(() => (wish.value ? themeClasses(values.value, wish.value) : []))

  async function loadRegisters(): Promise<void> {
    if (registers.value.length) return
    try {
      const { items } = await answer<Told>(client.GET('/api/queries/registers'))
      registers.value = WORTH.flatMap((name) => items.filter((one) => one.name === name)).map(({ name, title, fields }) => ({
        name,
        title,
        fields: fields.filter(({ kind }) => BY_KINDS.includes(kind)).map(({ key, label }) => ({ key, label })),
      }))
    } catch (thrown) {
      problem.value = thrown as Problem
    }
  }

  /** Counts anew for the parts of an area (the top of one's scope without one) on a day's boundaries; `now` tells which those are. */
  async function count(area: string | null, level: LevelCode | null, day: string | null, now: () => Promise<readonly AreaItem[]>): Promise<void> {
    running?.abort()
    const asked = wish.value
    if (!asked) {
      counted.value = null
      return
    }
    const mine = (running = new AbortController())
    busy.value = true
    problem.value = null
    try {
      const body = { register: asked.register, by: asked.by ? [asked.by] : [], area, level, format: 'json' as const, ...(day ? { at: day } : {}) }
      const [told, items] = await Promise.all([answer<Counted>(client.POST('/api/stats/count', { body, signal: mine.signal })), now()])
      if (mine.signal.aborted) return
      counted.value = told
      parts.value = items
      settleValue()
    } catch (thrown) {
      if (isAbort(thrown)) return
      counted.value = null
      problem.value = thrown as Problem
    }
    if (running === mine) busy.value = false
  }

  /** A field just chosen begins with its most frequent value; a value that does not occur here stays (it counts nought). */
  function settleValue(): void {
    const now = wish.value
    if (now?.by && now.value === null) wish.value = { ...now, value: choices.value[0]?.key ?? null }
  }

  return { registers, wish, counted, parts, values, classes, choices, problem, busy, loadRegisters, count }
}
