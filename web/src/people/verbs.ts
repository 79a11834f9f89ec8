// What can happen to a home or a person: what has to be filled in, what is still missing, what is sent. Pure.
import type { FoundRoom, Home, Person } from './homes'
import { words } from './words'

export const HEAD = '02'
export const HOME_VERBS = ['move', 'split', 'join', 'head', 'birth', 'arrival', 'leave'] as const
export const PERSON_VERBS = ['departure', 'death'] as const
export type Verb = (typeof HOME_VERBS)[number] | (typeof PERSON_VERBS)[number] | 'tenants'

export interface Newcomer {
  name: string
  relation: string
  id_number: string
  sex: string
  birth_date: string
  phone: string
}

export interface Filled {
  on: string
  reason: string
  room: FoundRoom | null
  other: Home | null
  /** Who goes in a split. */
  going: number[]
  /** Resident id -> relation to the (new) head. */
  relations: Record<number, string>
  people: Newcomer[]
}

/** What a verb is about: a home, perhaps one person of it; only a room where tenants change. */
export interface Subject {
  home: Home | null
  person: Person | null
  room: { id: number; title: string } | null
}

export const newcomer = (relation = ''): Newcomer => ({ name: '', relation, id_number: '', sex: '', birth_date: '', phone: '' })

export function empty(verb: Verb): Filled {
  const people = verb === 'birth' || verb === 'arrival' ? [newcomer()] : verb === 'tenants' ? [newcomer(HEAD)] : []
  return { on: '', reason: '', room: null, other: null, going: [], relations: {}, people }
}

/** Whose relations have to be told anew. */
export function toRelate(verb: Verb, { home, person }: Subject, filled: Filled): Person[] {
  if (verb === 'head') return home?.people ?? []
  if (verb === 'split') return home?.people.filter(({ id }) => filled.going.includes(id)) ?? []
  if (verb === 'join') return filled.other?.people ?? []
  const leads = person?.relation === HEAD && (verb === 'death' || verb === 'departure')
  return leads ? (home?.people.filter(({ id }) => id !== person.id) ?? []) : []
}

/** What is still missing, where it belongs; empty when it can be sent. */
export function missing(verb: Verb, subject: Subject, filled: Filled): Partial<Record<'room' | 'other' | 'members' | 'people', string>> {
  const said: ReturnType<typeof missing> = {}
  if (verb === 'move' && !filled.room) said.room = words.missing.room
  if (verb === 'join' && !filled.other) said.other = words.missing.other
  const people = toRelate(verb, subject, filled)
  const relations = people.map(({ id }) => filled.relations[id] ?? '')
  const heads = relations.filter((relation) => relation === HEAD).length
  if (verb === 'split') {
    const all = subject.home?.people ?? []
    const stay = all.filter(({ id }) => !filled.going.includes(id))
    if (!people.length || !stay.length) said.members = words.missing.members
    else if (!stay.some(({ relation }) => relation === HEAD)) said.members = words.missing.stayHead
  }
  if (!said.members && people.length) {
    if (relations.includes('')) said.members = words.missing.relations
    else if (verb === 'join' ? heads : heads !== 1) said.members = verb === 'join' ? words.missing.joinHead : words.missing.head
  }
  const nameless = filled.people.some(({ name }) => !name.trim())
  if (nameless) said.people = words.missing.name
  else if (verb === 'birth' && !filled.people[0]?.birth_date) said.people = words.missing.birth
  else if (filled.people.some(({ relation }) => !relation)) said.people = words.missing.relations
  else if (verb === 'tenants' && filled.people.filter(({ relation }) => relation === HEAD).length !== 1) said.people = words.missing.head
  return said
}

const sent = (people: Newcomer) => Object.fromEntries(Object.entries(people).filter(([, value]) => value.trim()).map(([key, value]) => [key, value.trim()]))

/** The body for the service. */
export function bodyOf(verb: Verb, subject: Subject, filled: Filled): Record<string, unknown> {
  const when = { ...(filled.on ? { on: filled.on } : {}), ...(filled.reason.trim() ? { reason: filled.reason.trim() } : {}) }
  const members = toRelate(verb, subject, filled).map(({ id }) => ({ resident_id: id, relation: filled.relations[id] }))
  switch (verb) {
    case 'move':
      return { ...when, room_id: filled.room?.room_id }
    case 'split':
      return { ...when, members, ...(filled.room ? { room_id: filled.room.room_id } : {}) }
    case 'join':
      return { ...when, other_id: filled.other?.id, members }
    case 'birth':
      return { child: sent(filled.people[0]!), ...(when.reason ? { reason: when.reason } : {}) }
    case 'arrival':
      return { ...when, person: sent(filled.people[0]!) }
    case 'tenants':
      return { ...when, people: filled.people.map(sent) }
    case 'leave':
      return when
    default:
      return { ...when, ...(members.length ? { members } : {}) }
  }
}

/** Beside which part of the form a refusal belongs; 'all' for the others. */
export function placeOfRefusal(code: string): 'on' | 'room' | 'other' | 'members' | 'people' | 'all' {
  if (code === 'bad_date') return 'on'
  if (['same_room', 'unknown_reference', 'other_area'].includes(code)) return 'room'
  if (code === 'same_household') return 'other'
  if (['members_missing', 'two_heads', 'no_head', 'nobody_left', 'head_leaves', 'not_a_member', 'twice'].includes(code)) return 'members'
  if (['bad_birth_date', 'no_birth_date', 'bad_id_number', 'id_number_taken', 'id_name_differs', 'registered_dead', 'registered_elsewhere', 'bad_phone', 'bad_relation', 'already_here'].includes(code)) return 'people'
  return 'all'
}
