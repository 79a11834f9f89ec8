// A feature's attributes as people read them: labels, units and code names instead of raw values.
import type { Layer } from '@/api/types'
import type { Names } from '@/dictionary/dictionary'
import { moment } from '@/moments'
import { words } from './words'

export interface Row {
  name: string
  label: string
  text: string
}

export type Values = Readonly<Record<string, unknown>>

const INSTANT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/

/** A time as in an office: 2026-11-03 09:20 (times with a zone are shown in the service's). */
export function timeText(value: string): string {
  const match = INSTANT.exec(value)
  if (!match) return value
  return match[3] ? moment(value.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')) : `${match[1]} ${match[2]}`
}

export function valueText(value: unknown, unit?: string | null, names?: Names): string {
  if (value === null || value === undefined || value === '') return ''
  if (typeof value === 'boolean') return value ? words.place.yes : words.place.no
  const plain = String(value)
  const named = names?.[plain]
  if (named) return named
  const text = typeof value === 'number' ? numberText(value) : timeText(plain)
  return unit ? `${text} ${unit}` : text
}

function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(2)))
}

/** The rows to show, in the layer's order; what is empty or already the title is left out. `areas` names area codes. */
export function attributeRows(
  layer: Layer,
  values: Values,
  lists: Readonly<Record<string, Names>>,
  areas: Names = {},
): Row[] {
  const title = titleOf(layer, values)
  return layer.fields
    .map(({ name, label, unit, dictionary }) => {
      const names = name === 'area_code' ? areas : dictionary ? lists[dictionary] : undefined
      return { name, label, text: valueText(values[name], unit, names) }
    })
    .filter(({ text }) => text !== '' && text !== title)
}

/** What to call a feature: its title or name, else its number or code. */
export function titleOf(layer: Layer, values: Values): string {
  for (const name of ['title', 'name', 'number', 'code', 'worker', 'device']) {
    if (layer.fields.some((field) => field.name === name) && values[name]) return String(values[name])
  }
  return values.name ? String(values.name) : `${layer.title} · ${words.place.unnamed}`
}

/** The code tables one must know to show a layer's features. */
export function dictionariesOf(layer: Layer): string[] {
  return [...new Set(layer.fields.flatMap(({ dictionary }) => (dictionary ? [dictionary] : [])))]
}
