import { describe, expect, it } from 'vitest'
import { NO_VALUE } from './classes'
import { choicesOf, colorExpression, themeClasses, themeTitle, valuesOf, type Counted, type ThemeWish } from './theme'

const WISH: ThemeWish = { register: 'residents', by: null, value: null, measure: 'count', look: 'choropleth', cut: 'quantile', classes: 3, level: null }
const COUNTED: Counted = {
  title: '居民',
  fields: [{ key: 'sex', label: '性别', codes: 'sex' }],
  areas: [
    { code: 'A', name: '甲', count: 100 },
    { code: 'B', name: '乙', count: 40 },
    { code: 'C', name: '丙', count: null },
  ],
  cells: [
    { area_code: 'A', values: ['1'], labels: ['男'], count: 75 },
    { area_code: 'A', values: ['2'], labels: ['女'], count: 25 },
    { area_code: 'B', values: ['2'], labels: ['女'], count: 40 },
    { area_code: 'C', values: ['2'], labels: ['女'], count: null },
  ],
  outside: 0,
  hidden_below: 5,
}

const values = (wish: Partial<ThemeWish>, m2 = new Map<string, number>()) => valuesOf(COUNTED, { ...WISH, ...wish }, m2).map(({ value }) => value)

describe('what areas are coloured by', () => {
  it('counts, shares and densities; what is hidden stays unknown', () => {
    expect(values({})).toEqual([100, 40, null])
    expect(values({ by: 'sex', value: '1' })).toEqual([75, null, null]) // where figures are hidden, what is not told is unknown
    expect(values({ by: 'sex', value: '2', measure: 'share' })).toEqual([25, 100, null])
    expect(values({ measure: 'density' }, new Map([['A', 500_000]]))).toEqual([200, null, null])
  })

  it('offers the values that occur, the most frequent first', () => {
    expect(choicesOf(COUNTED).map(({ label }) => label)).toEqual(['男', '女'])
  })

  it('tells in words what is shown', () => {
    expect(themeTitle(COUNTED, { ...WISH, by: 'sex', value: '2', measure: 'share' }, choicesOf(COUNTED))).toBe('居民：性别 女（占比%）')
  })

  it('gives areas without a number their own colour, never that of the lowest class', () => {
    const found = valuesOf(COUNTED, WISH, new Map())
    const expression = colorExpression(found, themeClasses(found, WISH)) as unknown[]
    expect(expression[expression.indexOf('C') + 1]).toBe(NO_VALUE)
    expect(expression[expression.indexOf('A') + 1]).not.toBe(expression[expression.indexOf('B') + 1])
  })
})
