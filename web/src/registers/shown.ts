// How a value of a register is written for people.
import { moment, momentOf } from '@/moments'
import type { NamesBeside, RegisterField, Value } from './types'
import { words } from './words'

type Lists = Readonly<Record<string, Readonly<Record<string, string>>>>

export function shown(field: Pick<RegisterField, 'key' | 'kind' | 'codes' | 'refers'>, value: Value | undefined, names: NamesBeside, lists: Lists): string {
  if (value === null || value === undefined || value === '') return ''
  if (field.refers) return names[field.key]?.[String(value)] ?? String(value)
  const list = field.codes ? (lists[field.codes] ?? {}) : {}
  if (Array.isArray(value)) return value.map((one) => list[one] ?? one).join('、')
  if (typeof value === 'boolean') return value ? words.yes : words.no
  if (typeof value === 'object') return value.coordinates.map((degrees) => degrees.toFixed(6)).join(', ')
  if (field.kind === 'moment') return moment(String(value))
  if (typeof value === 'number') return field.kind === 'number' && !Number.isInteger(value) ? String(Number(value.toFixed(3))) : String(value)
  return list[value] ?? value
}

/** What the audit log tells of a value: a point by its degrees, longitude first. */
export function told(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? words.yes : words.no
  const point = /^POINT \(([-.\d]+) ([-.\d]+)\)$/.exec(String(value))
  return point ? `${Number(point[1]).toFixed(6)}, ${Number(point[2]).toFixed(6)}` : String(value)
}

const two = (n: number) => String(n).padStart(2, '0')

/** What a field for a moment means, with its zone; nothing for nothing. */
export const readMoment = (text: string): string | null => (text ? momentOf(text).toISOString() : null)

/** The day in what somebody typed: 19500601, 1950.6.1, 1950/6/1, 1950年6月1日; null when it is no day. */
export function readDay(text: string): string | null {
  const plain = text.trim().normalize('NFKC')
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(plain) ?? /^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$/.exec(plain)
  if (!found) return null
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])]
  const at = new Date(Date.UTC(year, month - 1, day))
  if (at.getUTCFullYear() !== year || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return null
  return `${year}-${two(month)}-${two(day)}`
}
