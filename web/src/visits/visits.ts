// Today's visits of an area, in walking order, and how fresh its records are.
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { turns } from '@/shell/loaded'

export interface Visit {
  stop: number
  kind: 'room' | 'premises'
  id: number
  building_id: number | null
  title: string
  persons: number | null
  classes: string[]
  due_on: string | null
  freshness: string
  freshness_name: string
  lon: number | null
  lat: number | null
}

/** A visit that was recorded. */
export interface Recorded {
  id: number
  at: string
  result: string
  result_name: string
  how_name: string
  made_by: string
  note: string | null
  persons: number
  title: string
  building_id: number | null
  lon: number | null
  lat: number | null
}

/** What proves a visit: in words, photos, and the piece of track that leads to the door (for who may see tracks). */
export interface Proof {
  first_at: string | null
  last_at: string | null
  dwell_seconds: number
  nearest_m: number | null
  photo_ids: number[]
  words: string[]
  complete: boolean
  door: [number, number] | null
  piece: { at: number[]; lon: number[]; lat: number[] } | null
}

type Counts = Record<string, number>

export interface Fresh {
  states: Record<string, string>
  total: Record<string, Counts>
}

/** The share of records that somebody verified and that are not overdue, in whole percent; null where there are none. */
export function share(counts: Counts | undefined): number | null {
  const all = Object.values(counts ?? {}).reduce((sum, n) => sum + n, 0)
  if (!counts || !all) return null
  return Math.round((100 * ((counts.fresh ?? 0) + (counts.soon ?? 0))) / all)
}

export function useVisits() {
  const visits = shallowRef<Visit[] | null>(null)
  const fresh = shallowRef<Fresh | null>(null)
  const problem = ref<Problem | null>(null)
  const turn = turns()

  async function load(start?: { lon: number; lat: number }): Promise<void> {
    const isLast = turn()
    problem.value = null
    try {
      const query = { count: 20, ...(start ?? {}) }
      const [today, counts] = await Promise.all([
        answer<{ items: Visit[] }>(client.GET('/api/visits/today', { params: { query } })),
        answer<Fresh>(client.GET('/api/freshness', { params: { query: {} } })),
      ])
      if (!isLast()) return
      visits.value = today.items
      fresh.value = counts
    } catch (thrown) {
      if (isLast()) problem.value = asProblem(thrown)
    }
  }

  /** A visit that found things as recorded, or nobody at home. */
  async function record(visit: Visit, result: 'confirmed' | 'absent'): Promise<void> {
    const place = visit.kind === 'room' ? { room_id: visit.id } : { premises_id: visit.id }
    await answer(client.POST('/api/visits', { body: { ...place, result, how: 'visit' } }))
  }

  return { visits, fresh, problem, load, record }
}
