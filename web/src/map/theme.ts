// What areas are coloured by: a count of any register, by one of its fields, as number, per square kilometre or share.
import type { ExpressionSpecification } from 'maplibre-gl'
import { classOf, classesOf, NO_VALUE, type Class, type Cut } from './classes'
import { words } from './words'

export type Measure = 'count' | 'density' | 'share'
export type Look = 'choropleth' | 'bubbles'

export interface ThemeWish {
  register: string
  /** A field of the register and the value that is counted; none: all rows. */
  by: string | null
  value: string | null
  measure: Measure
  look: Look
  cut: Cut
  classes: number
  /** All areas of this level are coloured; none: those right below the area one is in. */
  level: string | null
}

export const FIRST: ThemeWish = { register: '', by: null, value: null, measure: 'count', look: 'choropleth', cut: 'quantile', classes: 5, level: null }

export interface Counted {
  title: string
  fields: { key: string; label: string; codes: string | null }[]
  areas: { code: string; name: string; count: number | null }[]
  cells: { area_code: string; values: (string | number | boolean | null)[]; labels: string[]; count: number | null }[]
  outside: number | null
  hidden_below: number | null
}

export interface AreaValue {
  code: string
  name: string
  /** None where the number is hidden (too few people) or there is nothing to divide by. */
  value: number | null
}

export const MEASURES: readonly Measure[] = ['count', 'density', 'share']
const LOOKS: readonly Look[] = ['choropleth', 'bubbles']
const CUTS: readonly Cut[] = ['quantile', 'equal', 'natural']

/** Why an area has no number. */
export function missingText({ hidden_below }: Counted): string {
  return hidden_below ? words.theme.hidden(hidden_below) : words.theme.none
}

/** What is shown, in words: residents, sex female (share). */
export function themeTitle(counted: Counted, wish: ThemeWish, choices: readonly { key: string; label: string }[]): string {
  const value = choices.find(({ key }) => key === wish.value)?.label
  const narrowed = value ? `：${counted.fields[0]?.label ?? ''} ${value}` : ''
  const unit = wish.measure === 'share' ? words.theme.unit.share : ''
  return `${counted.title}${narrowed}（${words.theme.measures[wish.measure]}${unit}）`
}

/** The value's key: a code may be a word, a number, true or false, or missing. */
export function keyOf(value: string | number | boolean | null): string {
  return value === null ? '∅' : String(value)
}

/** The values of the field that occur, each with its name, the most frequent first. */
export function choicesOf(counted: Counted): { key: string; label: string }[] {
  const found = new Map<string, { key: string; label: string; count: number }>()
  for (const { values, labels, count } of counted.cells) {
    if (values.length === 0) continue
    const key = keyOf(values[0] ?? null)
    const known = found.get(key) ?? { key, label: labels[0] ?? key, count: 0 }
    known.count += count ?? 0
    found.set(key, known)
  }
  return [...found.values()].sort((one, other) => other.count - one.count).map(({ key, label }) => ({ key, label }))
}

export function valuesOf(counted: Counted, wish: ThemeWish, areaM2: ReadonlyMap<string, number>): AreaValue[] {
  return counted.areas.map(({ code, name, count }) => {
    const own = wish.by && wish.value !== null ? ofValue(counted, code, wish.value) : count
    return { code, name, value: measured(own, count, wish.measure, areaM2.get(code)) }
  })
}

/** None where the value's number is hidden; 0 where the value does not occur. Where figures are hidden, both look alike. */
function ofValue(counted: Counted, code: string, value: string): number | null {
  const cells = counted.cells.filter((cell) => cell.area_code === code && keyOf(cell.values[0] ?? null) === value)
  if (counted.hidden_below && !cells.length) return null
  return cells.some(({ count }) => count === null) ? null : cells.reduce((sum, { count }) => sum + (count ?? 0), 0)
}

function measured(own: number | null, all: number | null, measure: Measure, m2: number | undefined): number | null {
  if (own === null || measure === 'count') return own
  if (measure === 'density') return m2 ? own / (m2 / 1e6) : null
  return all ? (own / all) * 100 : null
}

export function themeClasses(values: readonly AreaValue[], wish: ThemeWish): Class[] {
  const known = values.flatMap(({ value }) => (value === null ? [] : [value]))
  return classesOf(known, wish.classes, wish.cut)
}

/** The colour of each area, as a map expression on its code. */
export function colorExpression(values: readonly AreaValue[], classes: readonly Class[]): ExpressionSpecification | string {
  const pairs = values.flatMap(({ code, value }) => [code, (value === null ? undefined : classOf(value, classes)?.color) ?? NO_VALUE])
  return pairs.length ? (['match', ['get', 'code'], ...pairs, 'rgba(0,0,0,0)'] as unknown as ExpressionSpecification) : 'rgba(0,0,0,0)'
}

export function themeText(wish: ThemeWish): string {
  const field = wish.by ? `${wish.by}=${wish.value ?? ''}` : ''
  return [wish.register, field, wish.measure, wish.look, wish.cut, wish.classes, ...(wish.level ? [wish.level] : [])].join('~')
}

export function readTheme(text: string): ThemeWish | null {
  const [register = '', field = '', measure, look, cut, classes, level = ''] = text.split('~')
  const known = MEASURES.includes(measure as Measure) && LOOKS.includes(look as Look) && CUTS.includes(cut as Cut)
  const count = Number(classes)
  if (!/^[a-z_]{1,40}$/.test(register) || !known || !(count >= 2 && count <= 7)) return null
  const [by = '', value = ''] = field.split('=')
  return {
    register,
    by: by || null,
    value: value || null,
    measure: measure as Measure,
    look: look as Look,
    cut: cut as Cut,
    classes: count,
    level: /^[a-z]{1,20}$/.test(level) ? level : null,
  }
}
