// What is counted and how it is shown: in the page's address, and kept as a report. Pure.
import type { LocationQuery } from 'vue-router'

export const CHARTS = ['bar', 'pie', 'pyramid', 'trend', 'map', 'table'] as const
export type Chart = (typeof CHARTS)[number]
export type Side = 'areas' | 'values'
export type Where = Record<string, unknown>

export interface Definition {
  register: string
  by: string[]
  area: string | null
  at: string | null
  where: Where | null
  chart: Chart
  side: Side
}

export interface Period {
  key: string
  label: string
}

export interface CountedField {
  key: string
  label: string
  kind: string
  codes: string | null
  periods: Period[]
}

export interface Countable {
  name: string
  title: string
  hides: boolean
  placed: boolean
  fields: CountedField[]
}

const PERIODS_IN_LINE = new Set(['year', 'quarter', 'month', 'day', 'hour', 'weekday'])
export const PRESETS: Record<string, Pick<Definition, 'register' | 'by' | 'chart'>> = {
  pyramid: { register: 'residents', by: ['age', 'sex'], chart: 'pyramid' },
  sex: { register: 'residents', by: ['sex'], chart: 'bar' },
  classes: { register: 'residents', by: ['classes'], chart: 'bar' },
  households: { register: 'households', by: ['kind'], chart: 'pie' },
  uses: { register: 'rooms', by: ['use'], chart: 'bar' },
  trades: { register: 'premises', by: ['trade'], chart: 'pie' },
  trend: { register: 'events', by: ['reported_at.month', 'status'], chart: 'trend' },
  states: { register: 'events', by: ['status'], chart: 'map' },
}

function one(value: LocationQuery[string] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** The definition in an address; `bad` when its query is no JSON. Without a register: none yet. */
export function readAddress(query: LocationQuery): { definition: Definition; bad: boolean } {
  let where: Where | null = null
  let register = one(query.register)
  let bad = false
  const text = one(query.query)
  if (text) {
    try {
      const given = JSON.parse(text) as unknown
      if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new SyntaxError()
      const whole = given as { where?: Where | null; register?: string }
      register ||= typeof whole.register === 'string' ? whole.register : ''
      where = 'where' in whole ? (whole.where ?? null) : (given as Where)
      if (where && Object.keys(where).length === 0) where = null
    } catch {
      bad = true
    }
  }
  const chart = one(query.chart) as Chart
  const by = one(query.by).split(',').filter(Boolean).slice(0, 2)
  const definition: Definition = {
    register,
    by,
    area: one(query.area) || null,
    at: /^\d{4}-\d\d-\d\d$/.test(one(query.at)) ? one(query.at) : null,
    where,
    chart: CHARTS.includes(chart) ? chart : 'bar',
    side: one(query.side) === 'values' ? 'values' : 'areas',
  }
  return { definition, bad }
}

export function addressOf(definition: Definition): Record<string, string> {
  const { register, by, area, at, where, chart, side } = definition
  return {
    register,
    ...(by.length ? { by: by.join(',') } : {}),
    ...(area ? { area } : {}),
    ...(at ? { at } : {}),
    ...(where ? { query: JSON.stringify(where) } : {}),
    chart,
    ...(side === 'values' ? { side } : {}),
  }
}

/** What the service is asked. */
export function bodyOf({ register, by, area, at, where }: Definition) {
  return { register, by, area, at, where }
}

export const nameOf = (key: string) => key.split('.')[0]!
export const periodOf = (key: string) => key.split('.')[1] ?? null

/** The charts that can show this. */
export function chartsFor(by: readonly string[]): Chart[] {
  const names = by.map(nameOf)
  return CHARTS.filter((chart) => {
    if (chart === 'pyramid') return names.includes('age') && names.includes('sex')
    if (chart === 'trend') return PERIODS_IN_LINE.has(periodOf(by[0] ?? '') ?? '')
    return true
  })
}

/** A definition the register can answer: unknown fields dropped, dates by period, a pyramid's ages first, a chart that fits. */
export function fitting(asked: Definition, registers: readonly Countable[]): Definition | null {
  const given = asked.register ? asked : { ...asked, ...firstOf(registers) }
  const register = registers.find(({ name }) => name === given.register) ?? registers[0]
  if (!register) return null
  const known = new Map(register.fields.map((field) => [field.key, field]))
  let by = given.by.flatMap((key) => {
    const field = known.get(nameOf(key))
    if (!field) return []
    const periods = field.periods.map(({ key: name }) => name)
    const period = [periodOf(key), 'month', periods[0]].find((name) => name && periods.includes(name))
    return [period ? `${field.key}.${period}` : field.key]
  })
  by = [...new Set(by)]
  if (given.chart === 'pyramid' && by[0] === 'sex' && by[1] === 'age') by = ['age', 'sex']
  const chart = chartsFor(by).includes(given.chart) ? given.chart : 'bar'
  return {
    ...given,
    register: register.name,
    by,
    chart,
    at: register.placed ? given.at : null,
    where: register.hides || register.name !== given.register ? null : given.where,
  }
}

/** What the page begins with: the people, for whoever may count them. */
function firstOf(registers: readonly Countable[]): Partial<Definition> {
  return registers.some(({ name }) => name === 'residents') ? PRESETS.pyramid! : {}
}

/** Only what has this value in this field; null where that cannot be asked. */
export function narrowed(given: Definition, field: CountedField, value: unknown): Definition | null {
  const asked = condition(field, value)
  if (!asked) return null
  const before = given.where ? [given.where] : []
  return { ...given, where: before.length ? { all: [...before, asked] } : asked }
}

function condition(field: CountedField, value: unknown): Where | null {
  if (field.periods.length) return null
  if (value === null) return field.kind === 'age' ? { field: 'birth_date', op: 'empty' } : { field: field.key, op: 'empty' }
  if (field.kind === 'age') {
    const low = Number(value)
    return low >= 100 ? { field: 'age', op: 'ge', value: 100 } : { field: 'age', op: 'between', value: [low, low + 4] }
  }
  if (field.kind === 'codes') return { field: field.key, op: 'in', value: [value] }
  return { field: field.key, op: 'eq', value }
}
