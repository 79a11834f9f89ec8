// A record being filled in: what was changed, what is obviously wrong, and how it meets what somebody else saved meanwhile.
import { errorsByField } from '@/api/problem'
import { idFault, readIdNumber } from './idnumber'
import { readDay } from './shown'
import type { Register, RegisterField, Row, Value, Version } from './types'
import { words } from './words'

export type Values = Record<string, Value>

const SELDOM = new Set(['source_crs', 'accuracy_m', 'pin_locked', 'clearance'])

/** Fields to fill in: required ones first, in the table's order. */
export function formFields(register: Register): RegisterField[] {
  const open = register.fields.filter(({ key, writable }) => writable && !SELDOM.has(key))
  return [...open.filter(({ required }) => required), ...open.filter(({ required }) => !required)]
}

/** What stands in the form at first. Numbers of people come masked and stay out of what is sent unless typed anew. */
export function startValues(register: Register, row: Row | null): Values {
  const names = formFields(register).map(({ key, kind }) => [key, row?.[key] ?? (kind === 'codes' ? [] : null)] as const)
  const point = register.point ? [[register.point, row?.[register.point] ?? null] as const] : []
  return Object.fromEntries([...names, ...point])
}

export function same(one: Value | undefined, other: Value | undefined): boolean {
  const plain = (value: Value | undefined) => (value === '' || value === undefined ? null : value)
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other))
}

/** Only what differs, as the service wants it: an emptied field is null. */
export function changedValues(now: Values, before: Values): Values {
  const different = Object.entries(now).filter(([key, value]) => !same(value, before[key]))
  return Object.fromEntries(different.map(([key, value]) => [key, value === '' ? null : typeof value === 'string' ? value.trim() : value]))
}

/** The obvious faults by field; the service checks everything again. */
export function faults(register: Register, now: Values, before: Values, isNew: boolean): Record<string, string> {
  const found: Record<string, string> = {}
  for (const field of formFields(register)) {
    const value = now[field.key]
    if (!isNew && same(value, before[field.key])) continue
    const fault = faultOf(field, value)
    if (fault) found[field.key] = fault
  }
  if ('id_number' in found || !now.id_number || same(now.id_number, before.id_number)) return found
  const fault = (now.id_type ?? '111') === '111' ? idFault(String(now.id_number)) : null
  return fault ? { ...found, id_number: fault } : found
}

/** Numbers of people: shown masked, never sent back so. */
export function isSecret({ kind }: Pick<RegisterField, 'kind'>): boolean {
  return kind === 'sealed' || kind === 'hidden'
}

function faultOf(field: RegisterField, value: Value | undefined): string | null {
  if (value === null || value === undefined || value === '') return field.required ? words.faults.missing : null
  if (typeof value === 'string') {
    if (field.kind === 'day' && !readDay(value)) return words.faults.day
    if (field.kind === 'number' && !/^-?\d+(\.\d+)?$/.test(value)) return words.faults.number
    if (isSecret(field) && value.includes('*')) return words.faults.masked
    if (field.length && value.length > field.length) return words.faults.long(field.length)
  }
  if (field.kind === 'number' && field.whole && !Number.isInteger(Number(value))) return words.faults.whole
  return null
}

/** Days and numbers as the service wants them, whatever way they were typed. */
export function tidied(register: Register, values: Values): Values {
  const kinds = new Map(register.fields.map((field) => [field.key, field.kind]))
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (typeof value !== 'string' || value === '') return [key, value === '' ? null : value]
      if (kinds.get(key) === 'day') return [key, readDay(value) ?? value]
      return [key, kinds.get(key) === 'number' && value.trim() !== '' ? Number(value) : value]
    }),
  )
}

/** What a good identity number says fills empty fields. */
export function filledFromId(values: Values, placeOf: (code: string) => string | null): Values {
  const told = readIdNumber(String(values.id_number ?? ''))
  if (!told) return {}
  const place = placeOf(told.area)
  const said: Values = { birth_date: told.born, sex: told.sex, native_place: place, birth_place: place }
  return Object.fromEntries(Object.entries(said).filter(([key, value]) => value && key in values && !values[key]))
}

export interface Difference {
  key: string
  was: Value | undefined
  mine: Value | undefined
  theirs: Value | undefined
  /** Both changed it, to something else. */
  clash: boolean
  by: string | null
  at: string | null
}

/** Where my version and theirs part, seen from what I began with: field by field, with who changed it last. */
export function differences(before: Values, mine: Values, theirs: Values, changes: readonly Version[]): Difference[] {
  return Object.keys(before).flatMap((key) => {
    const iChanged = !same(mine[key], before[key])
    const last = [...changes].reverse().find(({ after }) => after && key in after)
    const theyChanged = last !== undefined || !same(theirs[key], before[key])
    if (!iChanged && !theyChanged) return []
    const clash = iChanged && theyChanged && !same(mine[key], theirs[key])
    return [{ key, was: before[key], mine: mine[key], theirs: theirs[key], clash, by: last?.by ?? null, at: last?.at ?? null }]
  })
}

/** What the form goes on with: theirs, and mine where I changed it and chose mine. */
export function merged(theirs: Values, differing: readonly Difference[], chosen: Readonly<Record<string, 'mine' | 'theirs'>>): Values {
  const taken = differing.filter(({ key, mine, was }) => chosen[key] === 'mine' && !same(mine, was))
  return { ...theirs, ...Object.fromEntries(taken.map(({ key, mine }) => [key, mine ?? null])) }
}

/** The service's refusals beside their fields; what names no field stays above the form. */
export function fieldErrors(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const code = CODES[String(given.code)]
  return { ...errorsByField(given), ...(code ? { [code]: String(given.detail) } : {}) }
}

const CODES: Record<string, string> = {
  bad_id_number: 'id_number',
  id_number_taken: 'id_number',
  bad_phone: 'phone',
  bad_credit_code: 'credit_code',
  bad_birth_date: 'birth_date',
  two_heads: 'relation',
  no_household: 'household_id',
  no_room: 'room_id',
  bad_value: 'value_yuan',
  bad_date: 'bought_on',
  code_taken: 'code',
  no_position: 'point',
  class_not_in_use: 'classes',
}
