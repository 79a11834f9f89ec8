import { expect, it } from 'vitest'
import type { StatusCell, StatusRule } from '@/api/types'
import { background, floorMark, held, isLit, neighbour, who } from './looks'

const cell = (given: Partial<StatusCell>): StatusCell => ({
  kind: 'room',
  row: 0,
  col: 0,
  rows: 1,
  cols: 1,
  number: '101',
  floor: '1层',
  unit: '1单元',
  text: '',
  mark: '',
  traits: [],
  hit: null,
  shops: [],
  heads: [],
  households: 0,
  persons: 0,
  ...given,
})
const rule = (trait: string, color: string, pattern = 'none'): StatusRule => ({ trait, color, pattern, label: trait, mark: '', count: 1 })
const rules = new Map([rule('let', '#f7c56b', 'lines'), rule('old', '#f7a98a')].map((one) => [one.trait, one]))

it('draws one trait with its pattern and several as stripes', () => {
  expect(background(cell({ traits: ['old'] }), rules)).toBe('#f7a98a')
  expect(background(cell({ traits: ['let'] }), rules)).toMatch(/^repeating-linear-gradient.*#f7c56b$/)
  expect(background(cell({ traits: ['old', 'let'] }), rules)).toBe('linear-gradient(90deg, #f7a98a 0% 50%, #f7c56b 50% 100%)')
  expect(background(cell({ traits: ['unknown'] }), rules)).toBe('transparent')
})

it('says who is there: the shop first, otherwise the householder', () => {
  expect(who(cell({ shops: ['小面馆', '理发店'], households: 1, heads: ['王*'] }))).toBe('小面馆等2家')
  expect(who(cell({ households: 2, heads: ['王*', '李*'], persons: 5 }))).toBe('王*等2户 5人')
  expect(who(cell({ households: 1, persons: 1 }))).toBe('未登记户主 1人')
  expect(who(cell({}))).toBe('')
})

it('dims what is switched off in the legend and what the search did not find', () => {
  expect(isLit(cell({ traits: ['old', 'let'] }), new Set(['old']))).toBe(true)
  expect(isLit(cell({ traits: ['old'] }), new Set(['old']))).toBe(false)
  expect(isLit(cell({ traits: ['old'], hit: false }), new Set())).toBe(false)
})

it('walks with the arrow keys over merged cells and does not leave the building', () => {
  const cells = [cell({ col: 0, cols: 2 }), cell({ col: 2 }), cell({ row: 1, col: 0 }), cell({ row: 1, col: 1 }), cell({ row: 1, col: 2 })]
  expect(neighbour(cells, 0, 'ArrowRight')).toBe(1)
  expect(neighbour(cells, 0, 'ArrowDown')).toBe(2)
  expect(neighbour(cells, 3, 'ArrowUp')).toBe(0)
  expect(neighbour(cells, 4, 'ArrowRight')).toBe(4)
  expect(neighbour(cells, 2, 'End')).toBe(4)
  expect(neighbour(cells, 2, 'x')).toBe(null)
})

it('lists a door that is not on record, which has neither shops nor people', () => {
  const { shops: _shops, heads: _heads, ...gap } = cell({ kind: 'gap' })
  expect(held(gap as StatusCell)).toBe('')
  expect(held(cell({ shops: ['小面馆'], heads: ['王*'] }))).toBe('小面馆')
  expect(held(cell({ heads: ['王*', '李*'] }))).toBe('王*、李*')
})

it('shortens floors that have a number and leaves names whole', () => {
  expect(['3层', '负1层', '夹层', '避难层'].map(floorMark)).toEqual(['3', '负1', '夹层', '避难层'])
})
