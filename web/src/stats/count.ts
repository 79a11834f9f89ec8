// The figures of a definition and the shapes of their areas from the service; only the last question counts.
import type { FeatureCollection } from 'geojson'
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import { bodyOf, type Countable, type Definition } from './definition'

export interface CountedArea {
  code: string
  name: string
  level_name: string
  more: boolean
  count: number | null
}

export interface Valued {
  values: unknown[]
  labels: string[]
  count: number | null
}

export interface Counted {
  register: string
  title: string
  fields: { key: string; label: string; codes: string | null; period: string | null }[]
  axes: { value: unknown; label: string }[][]
  at: string
  path: { code: string; name: string; level_name: string }[]
  areas: CountedArea[]
  cells: (Valued & { area_code: string })[]
  values: Valued[]
  total: number | null
  several: boolean
  outside: number | null
  hidden_below: number | null
  rounded_to: number | null
}

export function useCount() {
  const counted = shallowRef<Counted | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let running: AbortController | null = null

  async function load(definition: Definition): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    busy.value = true
    problem.value = null
    try {
      const body = bodyOf(definition) as never
      counted.value = await answer<Counted>(client.POST('/api/stats/count', { body, signal: mine.signal }))
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
      counted.value = null
    }
    if (running === mine) busy.value = false
  }

  return { counted, problem, busy, load }
}

export async function loadRegisters(): Promise<Countable[]> {
  return (await answer<{ items: Countable[] }>(client.GET('/api/stats/registers'))).items
}

export async function loadShapes(area: string | null, at: string | null): Promise<FeatureCollection> {
  const query = { ...(area ? { area } : {}), ...(at ? { at } : {}) }
  return answer<FeatureCollection>(client.GET('/api/stats/shapes', { params: { query } }))
}
