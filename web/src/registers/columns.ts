// Which columns a table shows, in which order and how wide; remembered on this computer for each register.
import type { Register, RegisterField } from './types'

export interface Choice {
  columns: string[]
  widths: Record<string, number>
}

const NEVER = new Set(['id', 'version', 'merged_into'])
const SELDOM = new Set([
  'created_at', 'updated_at', 'retired_at', 'verified_at', 'verified_by', 'verified_how', 'placed_by', 'source_crs',
  'accuracy_m', 'remark', 'pin_locked', 'placed_reason', 'id_type', 'floor_label', 'door_span', 'floor_span', 'position',
])
const FIRST: Record<string, string[]> = {
  residents: ['name', 'household_id', 'relation', 'sex', 'birth_date', 'id_number', 'phone', 'classes', 'due_on'],
  households: ['number', 'room_id', 'kind', 'area_code', 'remark'],
  premises: ['name', 'trade', 'address', 'owner', 'phone', 'building_id', 'area_code', 'due_on'],
  rooms: ['number', 'building_id', 'unit_id', 'floor', 'use', 'area_m2', 'area_code', 'due_on'],
  events: ['number', 'title', 'category', 'status', 'reported_at', 'address', 'area_code'],
}
const MOST = 9
export const NARROWEST = 72
export const WIDEST = 640

/** The fields that can stand in a table. */
export function columnsOf(register: Register): RegisterField[] {
  return register.fields.filter(({ key, kind }) => !NEVER.has(key) && kind !== 'age' && kind !== 'initials')
}

export function usual(register: Register): string[] {
  const there = columnsOf(register).map(({ key }) => key)
  const first = FIRST[register.name]?.filter((key) => there.includes(key))
  if (first) return first
  const often = there.filter((key) => !SELDOM.has(key)).slice(0, MOST)
  return often.includes('name') ? ['name', ...often.filter((key) => key !== 'name')] : often
}

const WIDTHS: Record<string, number> = { code: 96, codes: 150, number: 84, day: 112, moment: 150, truth: 80, sealed: 178, hidden: 140 }
const LETTER_PX = 17

export function widthOf(field: RegisterField, widths: Readonly<Record<string, number>>): number {
  const kept = widths[field.key]
  if (kept) return Math.min(WIDEST, Math.max(NARROWEST, kept))
  if (field.refers) return field.refers === 'areas' ? 130 : 225
  const usually = WIDTHS[field.kind] ?? ((field.length ?? 0) > 100 ? 200 : (field.length ?? 0) > 50 ? 160 : 96)
  return Math.max(usually, 28 + LETTER_PX * field.label.length)
}

const nameOf = (register: string) => `gis-grid.registers.${register}`

export function readChoice(storage: Pick<Storage, 'getItem'>, register: Register): Choice {
  const there = new Set(columnsOf(register).map(({ key }) => key))
  try {
    const kept = JSON.parse(storage.getItem(nameOf(register.name)) ?? '{}') as Partial<Choice>
    const columns = Array.isArray(kept.columns) ? kept.columns.filter((key) => there.has(key)) : []
    const widths = Object.entries(kept.widths ?? {}).filter(([key, width]) => there.has(key) && typeof width === 'number')
    return { columns: columns.length ? columns : usual(register), widths: Object.fromEntries(widths) }
  } catch {
    return { columns: usual(register), widths: {} }
  }
}

export function keepChoice(storage: Pick<Storage, 'setItem'>, register: Register, choice: Choice): void {
  try {
    storage.setItem(nameOf(register.name), JSON.stringify(choice))
  } catch {
    // private windows may refuse to store; the choice then lasts as long as the page
  }
}

/** The list with one entry a step up or down. */
export function moved(columns: readonly string[], key: string, step: -1 | 1): string[] {
  const at = columns.indexOf(key)
  const to = at + step
  if (at < 0 || to < 0 || to >= columns.length) return [...columns]
  const next = columns.filter((one) => one !== key)
  next.splice(to, 0, key)
  return next
}
