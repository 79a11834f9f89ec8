import { describe, expect, it } from 'vitest'
import { addressOf, chartsFor, fitting, narrowed, readAddress, type Countable, type CountedField } from './definition'

const field = (key: string, kind = 'code', periods: string[] = []): CountedField => ({
  key,
  label: key,
  kind,
  codes: null,
  periods: periods.map((period) => ({ key: period, label: period })),
})
const registers: Countable[] = [
  { name: 'residents', title: '居民', hides: false, placed: true, fields: [field('sex'), field('age', 'age'), field('classes', 'codes')] },
  { name: 'events', title: '事件', hides: false, placed: true, fields: [field('status'), field('reported_at', 'moment', ['year', 'month'])] },
  { name: 'staff', title: '队伍', hides: true, placed: false, fields: [field('post')] },
]

describe('the address', () => {
  it('says the whole definition, and the definition the address', () => {
    const address = { register: 'events', by: 'reported_at.month,status', area: '9901', at: '2026-01-31', query: '{"area":"9901"}', chart: 'trend', side: 'values' }
    expect(addressOf(readAddress(address).definition)).toEqual(address)
  })
  it('takes a query of the registers with its register', () => {
    const query = JSON.stringify({ register: 'residents', where: { field: 'sex', op: 'eq', value: '1' } })
    expect(readAddress({ query }).definition).toMatchObject({ register: 'residents', where: { field: 'sex' } })
  })
  it('passes over what it cannot read and tells', () => {
    expect(readAddress({ query: '{', at: 'gestern', chart: 'x' })).toMatchObject({ bad: true, definition: { where: null, at: null, chart: 'bar' } })
  })
})

describe('fitting', () => {
  const read = (address: Record<string, string>) => fitting(readAddress(address).definition, registers)
  it('drops unknown fields and charts that do not fit', () => {
    expect(read({ register: 'residents', by: 'trade,sex', chart: 'pyramid' })).toMatchObject({ by: ['sex'], chart: 'bar' })
  })
  it('gives dates a period', () => {
    const coarse = [{ ...registers[0]!, fields: [field('birth_date', 'day', ['year'])] }]
    expect(fitting(readAddress({ register: 'residents', by: 'birth_date.day' }).definition, coarse)?.by).toEqual(['birth_date.year'])
    expect(read({ register: 'events', by: 'reported_at', chart: 'trend' })).toMatchObject({ by: ['reported_at.month'], chart: 'trend' })
  })
  it('asks nobody to narrow whose small numbers are hidden, nor for another day without a place', () => {
    expect(read({ register: 'staff', query: '{"area":"9901"}', at: '2026-01-01' })).toMatchObject({ where: null, at: null })
  })
  it('begins with the people, or with the first register one may count', () => {
    expect(read({})).toMatchObject({ register: 'residents', by: ['age', 'sex'], chart: 'pyramid' })
    expect(fitting(readAddress({}).definition, registers.slice(1))?.register).toBe('events')
    expect(fitting(readAddress({}).definition, [])).toBeNull()
  })
})

describe('charts', () => {
  it('are offered where they can show something', () => {
    expect(chartsFor(['age', 'sex'])).toContain('pyramid')
    expect(chartsFor(['sex'])).not.toContain('pyramid')
    expect(chartsFor(['reported_at.month'])).toContain('trend')
    expect(chartsFor([])).toEqual(['bar', 'pie', 'map', 'table'])
  })
})

describe('narrowing', () => {
  const start = readAddress({ register: 'residents', by: 'sex' }).definition
  it('adds a condition to those there are', () => {
    const once = narrowed(start, field('sex'), '1')!
    expect(once.where).toEqual({ field: 'sex', op: 'eq', value: '1' })
    expect(narrowed(once, field('age', 'age'), 60)!.where).toEqual({ all: [once.where, { field: 'age', op: 'between', value: [60, 64] }] })
  })
  it('asks for what is unknown, of many values and open bands', () => {
    expect(narrowed(start, field('age', 'age'), null)!.where).toEqual({ field: 'birth_date', op: 'empty' })
    expect(narrowed(start, field('age', 'age'), 100)!.where).toEqual({ field: 'age', op: 'ge', value: 100 })
    expect(narrowed(start, field('classes', 'codes'), 'veteran')!.where).toEqual({ field: 'classes', op: 'in', value: ['veteran'] })
    expect(narrowed(start, field('reported_at', 'moment', ['month']), '2026-01')).toBeNull()
  })
})
