// A whole estate's diagrams, and the list of estates.
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import type { HouseStatus, StatusRule } from '@/api/types'

export type Diagram = Pick<HouseStatus, 'building' | 'columns' | 'floors' | 'units' | 'cells'>

export interface EstateStatus {
  estate: { id: number; name: string | null; buildings: number; left_out: number }
  diagrams: Diagram[]
  schemes: HouseStatus['schemes']
  legend: StatusRule[]
  counts: HouseStatus['counts']
}

export interface Estate {
  id: number
  name: string
  address: string | null
}

export function useEstate() {
  const found = shallowRef<EstateStatus | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let running: AbortController | null = null

  async function load(key: number, by: string, q: string): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    busy.value = true
    problem.value = null
    try {
      const query = { by, ...(q.trim() ? { q: q.trim() } : {}) }
      const call = client.GET('/api/estates/{key}/house-status', { params: { path: { key }, query }, signal: mine.signal })
      found.value = await answer<EstateStatus>(call)
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
    }
    if (running === mine) busy.value = false
  }

  return { found, problem, busy, load }
}

export async function listEstates(): Promise<Estate[]> {
  return (await answer<{ items: Estate[] }>(client.GET('/api/estates/', { params: { query: { limit: 1000, sort: 'name' } } }))).items
}

/** How many rooms of a diagram have each trait, the most frequent first: what its colours say in words. */
export function traitCounts(diagram: Diagram, rules: readonly StatusRule[]): { label: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const cell of diagram.cells) for (const trait of cell.kind === 'room' ? cell.traits : []) counts.set(trait, (counts.get(trait) ?? 0) + 1)
  return rules.flatMap(({ trait, label }) => (counts.get(trait) ? [{ label, count: counts.get(trait)! }] : [])).sort((a, b) => b.count - a.count)
}
