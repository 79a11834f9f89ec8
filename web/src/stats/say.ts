// A query in words, so that nobody counts with a condition he does not see. Pure.
import type { Names } from '@/dictionary/dictionary'
import type { CountedField, Where } from './definition'
import { words } from './words'

/** What a condition tree asks, as one sentence; fields that cannot be counted by keep their key. */
export function sayWhere(where: Where, fields: readonly CountedField[], lists: Readonly<Record<string, Names>>): string {
  if (Array.isArray(where.all)) return joined(where.all as Where[], words.and)
  if (Array.isArray(where.any)) return joined(where.any as Where[], words.or)
  if (where.not) return words.not(sayWhere(where.not as Where, fields, lists))
  if (typeof where.area === 'string') return words.inArea(where.area)
  if (where.inside) return words.drawn
  if (where.near) return words.near(String((where.near as { metres?: number }).metres ?? ''))
  const field = fields.find(({ key }) => key === where.field)
  const names = field?.codes ? lists[field.codes] : undefined
  const named = (value: unknown) => names?.[String(value)] ?? (value === true ? words.yes : value === false ? words.no : String(value))
  const values = where.value === undefined ? [] : [where.value].flat().map(named)
  const between = where.op === 'between' ? `${values[0]}–${values[1]}` : ''
  const said = between || `${words.ops[String(where.op)] ?? where.op} ${values.join('、')}`
  return `${field?.label ?? String(where.field)} ${said}`.trim()

  function joined(parts: Where[], by: string): string {
    return parts.map((part) => sayWhere(part, fields, lists)).join(by)
  }
}
