import { describe, expect, it } from 'vitest'
import { attributeRows, dictionariesOf, timeText, titleOf, valueText } from './attributes'
import { layer } from './factories'

const buildings = layer('buildings', {
  title: '楼栋',
  fields: [
    { name: 'name', label: '楼栋名称' },
    { name: 'use', label: '建筑用途', dictionary: 'building_use' },
    { name: 'height_m', label: '高度', unit: '米' },
    { name: 'address', label: '地址' },
  ],
})

describe('valueText', () => {
  it.each([
    [null, ''],
    ['', ''],
    [0, '0'],
    [true, '是'],
    [false, '否'],
    [3.14159, '3.14'],
    ['2026-11-03', '2026-11-03'],
  ])('%s reads %s', (value, text) => expect(valueText(value)).toBe(text))
  it('adds the unit and resolves the code', () => {
    expect(valueText(54.5, '米')).toBe('54.5 米')
    expect(valueText('10', null, { '10': '住宅' })).toBe('住宅')
    expect(valueText('99', null, { '10': '住宅' })).toBe('99')
  })
})

it('shows times in China’s zone', () => {
  expect(timeText('2026-11-03T01:20:00+00:00')).toBe('2026-11-03 09:20')
  expect(timeText('2026-11-03T01:20:00.123Z')).toBe('2026-11-03 09:20')
  expect(timeText('2026-11-03 09:20:11')).toBe('2026-11-03 09:20')
})

it('lists what is filled in, in the declared order, without repeating the title', () => {
  const rows = attributeRows(buildings, { name: '3栋', height_m: 54, use: '10' }, { building_use: { '10': '住宅' } })
  expect(rows).toEqual([
    { name: 'use', label: '建筑用途', text: '住宅' },
    { name: 'height_m', label: '高度', text: '54 米' },
  ])
})

it('calls the grid by its name once that is known', () => {
  const shops = layer('premises', { fields: [{ name: 'area_code', label: '所属网格' }] })
  const text = (areas?: Record<string, string>) => attributeRows(shops, { area_code: '005' }, {}, areas)[0]?.text
  expect([text(), text({ '005': '第5网格' })]).toEqual(['005', '第5网格'])
})

it('finds a title even for what has no name', () => {
  expect(titleOf(buildings, { name: '3栋' })).toBe('3栋')
  expect(titleOf(buildings, {})).toBe('楼栋 · 未命名')
})

it('knows which code tables are needed', () => {
  expect(dictionariesOf(buildings)).toEqual(['building_use'])
})

describe('times as the tiles write them', () => {
  it('a zone of two digits is understood', () => {
    expect(timeText('2026-11-22 14:30:00.273984+00')).toBe('2026-11-22 22:30')
  })
})
