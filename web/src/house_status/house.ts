// One building's diagram from the service, its neighbours in the estate, and one room's homes.
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import type { HouseStatus, StatusCell } from '@/api/types'
import { homesIn, type Home } from '@/people/homes'

export interface Visit {
  id: number
  at: string
  how: string
  result: string
  note: string | null
  made_by: string | null
}

export interface Asked {
  by: string
  q: string
  names: 'masked' | 'full'
  exact: Record<string, string>
}

/** What goes into the address of the diagram and of its pictures. */
export function queryOf(asked: Asked): Record<string, string> {
  const exact = Object.entries(asked.exact).filter(([, value]) => value.trim())
  const q = asked.q.trim()
  return { by: asked.by, ...(asked.names === 'full' ? { names: 'full' } : {}), ...(q ? { q } : {}), ...Object.fromEntries(exact) }
}

export function useHouse() {
  const house = shallowRef<HouseStatus | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  const siblings = shallowRef<{ id: number; name: string }[]>([])
  let running: AbortController | null = null

  async function load(key: number, asked: Asked): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    busy.value = true
    problem.value = null
    try {
      const call = client.GET('/api/buildings/{key}/house-status', {
        params: { path: { key }, query: queryOf(asked) },
        signal: mine.signal,
      })
      const found = await answer<HouseStatus>(call)
      const moved = found.building.estate_id !== house.value?.building.estate_id
      house.value = found
      if (moved || !siblings.value.length) void findSiblings(found)
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
      if (house.value?.building.id !== key) house.value = null
    }
    if (running === mine) busy.value = false
  }

  async function findSiblings(of: HouseStatus): Promise<void> {
    siblings.value = []
    if (!of.building.estate_id) return
    const query = { estate_id: of.building.estate_id, limit: 500 }
    try {
      const page = await answer<{ items: { id: number; name: string | null; code: string }[] }>(
        client.GET('/api/buildings/', { params: { query } }),
      )
      if (house.value?.building.estate_id === of.building.estate_id) siblings.value = page.items.map(({ id, name, code }) => ({ id, name: name ?? code }))
    } catch {
      siblings.value = [] // the diagram stands without its neighbours
    }
  }

  return { house, problem, busy, siblings, load }
}

export function useRoom() {
  const homes = shallowRef<Home[]>([])
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let last = 0

  /** `again`: what is there stays until the new is. */
  async function open(cell: StatusCell | null, again = false): Promise<void> {
    const mine = ++last
    if (!again) homes.value = []
    problem.value = null
    busy.value = Boolean(cell?.households)
    if (!cell?.id || !cell.households) {
      homes.value = []
      return
    }
    try {
      const found = await homesIn(cell.id)
      if (mine === last) homes.value = found
    } catch (thrown) {
      if (mine === last) problem.value = asProblem(thrown)
    }
    if (mine === last) busy.value = false
  }

  /** A visit that found everything as recorded. */
  async function confirm(cell: StatusCell): Promise<void> {
    await answer(client.POST('/api/visits', { body: { room_id: cell.id!, result: 'confirmed', how: 'visit' } }))
  }

  async function visits(room: number): Promise<Visit[]> {
    const call = client.GET('/api/visits', { params: { query: { room_id: room } } })
    return (await answer<{ items: Visit[] }>(call)).items
  }

  return { homes, problem, busy, open, confirm, visits }
}
