// Households as the service opens them, and what happens to them: one call per verb.
import { answer, client } from '@/api/client'
import { dayOf } from '@/moments'

export interface Person {
  id: number
  version: number
  name: string
  relation: string | null
  sex: string | null
  birth_date: string | null
  classes: { code: string; name: string }[]
  freshness: string
  freshness_name: string
  verified_at: string | null
  verified_by: string | null
  verified_how: string | null
}

export interface HomeChange {
  id: number
  kind: string
  on: string
  reason: string | null
  undone: boolean
  may_be_undone: boolean
}

/** What a change would do, as the service tells it. */
export interface Preview {
  lines: string[]
  warnings: string[]
}

export interface Home {
  id: number
  version: number
  number: string
  kind: string | null
  area_code: string | null
  remark: string | null
  retired: boolean
  room: {
    id: number | null
    number: string | null
    floor: number | null
    unit: string | null
    building_id: number | null
    building: string | null
    estate: string | null
    address: string | null
    verified_at: string | null
    verified_by: string | null
    verified_how: string | null
    freshness_name: string
  }
  people: Person[]
  valuables: { id: number; resident_id: number; kind: string; name: string; number: string | null }[]
  others: { id: number; number: string; kind: string | null }[]
  changes: HomeChange[]
}

export interface FoundRoom {
  score: number
  estate: string | null
  building: string | null
  unit: string | null
  room: string | null
  room_id: number | null
  building_id: number | null
}

export async function openHome(key: number): Promise<Home> {
  return answer<Home>(client.GET('/api/households/{key}/home', { params: { path: { key } } }))
}

export async function homesIn(room: number): Promise<Home[]> {
  const query = { room_id: room, limit: 20 }
  const page = await answer<{ items: { id: number }[] }>(client.GET('/api/households/', { params: { query } }))
  return Promise.all(page.items.map(({ id }) => openHome(id)))
}

/** Rooms an address may mean, the likeliest first. */
export async function findRooms(text: string): Promise<FoundRoom[]> {
  const body = { texts: [text] }
  const found = await answer<{ items: { candidates: FoundRoom[] }[] }>(client.POST('/api/addresses/match', { body }))
  return found.items[0]?.candidates.filter(({ room_id }) => room_id) ?? []
}

export function saidRoom(room: { estate?: string | null; building?: string | null; unit?: string | null; room?: string | null }): string {
  return [room.estate, room.building, room.unit, room.room].filter(Boolean).join(' ')
}

export const placeOf = ({ room }: Home) => saidRoom({ ...room, room: room.number })

/** 已核实 · 2026-08-16 · 上门 · 王小明: whether it holds, since when, how that is known and from whom. */
export const verified = (one: Pick<Person, 'freshness_name' | 'verified_at' | 'verified_how' | 'verified_by'>) =>
  [one.freshness_name, one.verified_at && dayOf(one.verified_at), one.verified_how, one.verified_by].filter(Boolean).join(' · ')
