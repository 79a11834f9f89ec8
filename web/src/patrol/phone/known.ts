// What the phone knows of the service's data: my day, the visits, the ground of my grid; fetched when it can be, else as kept.
import { ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { DictionaryList } from '@/api/types'
import { dayOf } from '@/moments'
import { useSession } from '@/session/session'
import type { Visit } from '@/visits/visits'
import { fetchGround, type Ground } from './ground'
import type { Store } from './store'

export interface Shift {
  shift_id: number
  area_code: string | null
  area_name: string | null
  starts_at: string
  ends_at: string
  states: string[]
}

export interface Check {
  id: number
  question: string
  answer_by: string
  asked_by: string
  state: string
}

export interface Message {
  id: number
  text: string
  made_by: string
  made_at: string
  read: boolean
}

export interface Day {
  day: string
  worker: string
  areas: { code: string; name: string; level_name: string }[]
  shifts: Shift[]
  duty_hours: number
  duty_patrols: number
  checks: Check[]
  messages: Message[]
  unread: number
}

interface Kept {
  day: Day | null
  visits: Visit[] | null
  visitsAt: number
  ground: Ground | null
  groundAt: number
  categories: string[]
}

const GROUND_MS = 12 * 3_600_000
const VISITS_MS = 15 * 60_000
const COUNT = 30

export function useKnown(store: () => Store, user: () => number) {
  const session = useSession()
  const day = shallowRef<Day | null>(null)
  const visits = shallowRef<Visit[] | null>(null)
  const visitsAt = ref(0)
  const ground = shallowRef<Ground | null>(null)
  const categories = shallowRef<string[]>([])
  let groundAt = 0
  let reads = 0

  /** As it was kept; of another day only the ground is. */
  async function read(): Promise<void> {
    const kept = await store().get<Kept>(`known-${user()}`)
    const fresh = kept && dayOf(kept.visitsAt) === dayOf()
    day.value = fresh ? kept.day : null
    visits.value = fresh ? kept.visits : null
    visitsAt.value = fresh ? kept.visitsAt : 0
    ground.value = kept?.ground ?? null
    groundAt = kept?.groundAt ?? 0
    categories.value = kept?.categories ?? []
  }

  /** Fetches what is old; false when nobody answered. What one may not read is left out. */
  async function refresh(): Promise<boolean> {
    try {
      const known = reads
      const today = await answer<Day>(client.GET('/api/phone/day'))
      if (known === reads) day.value = today // asked for before a message was read, it would show it as unread again
      if (!categories.value.length) categories.value = await fetchCategories()
      if (session.may('people.read') && Date.now() - visitsAt.value > VISITS_MS) await fetchVisits()
      if (Date.now() - groundAt > GROUND_MS) {
        ground.value = await fetchGround()
        groundAt = Date.now()
      }
      await keep()
      return true
    } catch (thrown) {
      return asProblem(thrown).status !== 0
    }
  }

  async function fetchVisits(): Promise<void> {
    const { items } = await answer<{ items: Visit[] }>(client.GET('/api/visits/today', { params: { query: { count: COUNT } } }))
    visits.value = items
    visitsAt.value = Date.now()
  }

  async function readMessages(ids: number[]): Promise<void> {
    await answer(client.POST('/api/messages/read', { body: { ids } }))
    reads++
    if (day.value) day.value = { ...day.value, unread: 0, messages: day.value.messages.map((one) => ({ ...one, read: true })) }
  }

  async function keep(): Promise<void> {
    const kept: Kept = {
      day: day.value,
      visits: visits.value,
      visitsAt: visitsAt.value,
      ground: ground.value,
      groundAt,
      categories: categories.value,
    }
    await store().put(`known-${user()}`, JSON.parse(JSON.stringify(kept)))
  }

  return { day, visits, visitsAt, ground, categories, read, refresh, readMessages }
}

async function fetchCategories(): Promise<string[]> {
  const path = { list_name: 'report_category' }
  const { entries } = await answer<DictionaryList>(client.GET('/api/dictionary/{list_name}', { params: { path } }))
  return entries.map(({ name }) => name)
}
