import { describe, expect, it } from 'vitest'
import type { Counted } from './count'
import { byArea, byValue, optionOf, spreadOf } from './options'

const look = { ink: '#000', soft: '#444', line: '#ccc', panel: '#fff', series: ['#111'] }
const axis = (...values: (string | number)[]) => values.map((value) => ({ value, label: `<${value}>` }))
const counted = (more: Partial<Counted>): Counted => ({
  register: 'residents',
  title: '居民',
  fields: [{ key: 'sex', label: '性别', codes: 'sex', period: null }],
  axes: [axis('1', '2')],
  at: '2026-11-22',
  path: [],
  areas: [
    { code: 'A', name: '甲', level_name: '网格', more: true, count: 7 },
    { code: 'B', name: '乙', level_name: '网格', more: false, count: null },
  ],
  cells: [
    { area_code: 'A', values: ['1'], labels: [], count: 6 },
    { area_code: 'A', values: ['2'], labels: [], count: 1 },
    { area_code: 'B', values: ['2'], labels: [], count: null },
  ],
  values: [
    { values: ['1'], labels: [], count: 6 },
    { values: ['2'], labels: [], count: 3 },
  ],
  total: 9,
  several: false,
  outside: 0,
  hidden_below: null,
  rounded_to: null,
  ...more,
})

describe('spreads', () => {
  it('by area stack the values, nothing is 0 and hidden is null', () => {
    expect(byArea(counted({})).lines.map(({ points }) => points.map(({ value }) => value))).toEqual([
      [6, 0],
      [1, null],
    ])
  })
  it('where figures are hidden, what is not told is not nothing', () => {
    const { lines } = byArea(counted({ hidden_below: 10, rounded_to: 5 }))
    expect(lines[0]!.points.map(({ value }) => value)).toEqual([6, null])
  })
  it('by area show totals where the values are too many', () => {
    const many = counted({ axes: [axis(...Array.from({ length: 30 }, (_, n) => n))] })
    expect(byArea(many).lines).toHaveLength(1)
    expect(byArea(many).lines[0]!.points[0]!.hit).toEqual({ area: 'A' })
  })
  it('by value tell what a click means', () => {
    expect(byValue(counted({})).lines[0]!.points).toEqual([
      { name: '<1>', value: 6, hit: { field: 0, value: '1' } },
      { name: '<2>', value: 3, hit: { field: 0, value: '2' } },
    ])
    expect(spreadOf(counted({}), 'values').names).toEqual(['<1>', '<2>'])
    expect(spreadOf(counted({}), 'areas').names).toEqual(['甲', '乙'])
  })
})

describe('options', () => {
  it('of a pyramid put men to the left', () => {
    const told = counted({
      fields: [
        { key: 'age', label: '年龄', codes: null, period: null },
        { key: 'sex', label: '性别', codes: 'sex', period: null },
      ],
      axes: [axis(0, 5), axis('1', '2')],
      values: [
        { values: [0, '1'], labels: [], count: 4 },
        { values: [5, '2'], labels: [], count: 2 },
      ],
    })
    const series = optionOf(told, 'pyramid', 'values', look, 't').series as { data: { value: number }[] }[]
    expect(series.map(({ data }) => data.map(({ value }) => value))).toEqual([
      [-4, -0],
      [0, 2],
    ])
  })
  it('of a pie leave out what is nothing, and make one of areas without a field', () => {
    const told = counted({ fields: [], axes: [], cells: [], values: [] })
    const [series] = optionOf(told, 'pie', 'areas', look, 't').series as { data: { name: string }[] }[]
    expect(series!.data.map(({ name }) => name)).toEqual(['甲', '乙'])
  })
})
