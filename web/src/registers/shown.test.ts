import { expect, it } from 'vitest'
import { fieldMoment } from '@/moments'
import { moved, readChoice, usual, widthOf } from './columns'
import { readDay, readMoment, shown, told } from './shown'
import type { Register, RegisterField } from './types'

const field = (key: string, given: Partial<RegisterField> = {}): RegisterField => ({
  key, label: key, kind: 'text', codes: null, sortable: true, writable: true, required: false, length: 50, whole: false,
  refers: null, bulk: true, measure: false, ops: ['eq'], ...given,
})

it('writes codes, references, lists and truths for people', () => {
  const lists = { sex: { 1: '男' }, tags: { a: '老人', b: '低保' } }
  expect(shown(field('sex', { kind: 'code', codes: 'sex' }), '1', {}, lists)).toBe('男')
  expect(shown(field('tags', { kind: 'codes', codes: 'tags' }), ['a', 'b', 'c'], {}, lists)).toBe('老人、低保、c')
  expect(shown(field('room_id', { kind: 'number', refers: 'rooms' }), 7, { room_id: { 7: '3栋 502' } }, {})).toBe('3栋 502')
  expect(shown(field('x', { kind: 'truth' }), false, {}, {})).toBe('否')
  expect(shown(field('x'), null, {}, {})).toBe('')
})

it('tells points, truths and nothing of the audit log', () => {
  expect([told('POINT (106.55162911 29.5630112)'), told(true), told(null), told('02'), told(3)]).toEqual(['106.551629, 29.563011', '是', '', '02', '3'])
})

it('reads days as people type them', () => {
  for (const text of ['19500601', '1950-6-1', '1950.06.01', '1950/6/1', '1950年6月1日', '１９５０-6-1']) expect(readDay(text)).toBe('1950-06-01')
  for (const text of ['1950-02-30', '6-1', 'x', '1950']) expect(readDay(text)).toBe(null)
})

it('gives a field a moment it can show, and takes it back', () => {
  const moment = '2026-11-22T07:04:00.000Z'
  expect(fieldMoment(moment)).toBe('2026-11-22T15:04')
  expect(readMoment('2026-11-22T15:04')).toBe(moment)
  expect([fieldMoment(''), readMoment('')]).toEqual(['', null])
})

it('remembers columns that are still there', () => {
  const register = { name: 'x', fields: [field('id'), field('name'), field('age', { kind: 'age' }), field('created_at')] } as Register
  expect(usual(register)).toEqual(['name'])
  const storage = { getItem: () => '{"columns":["gone","created_at"],"widths":{"name":9999}}' }
  const choice = readChoice(storage, register)
  expect(choice.columns).toEqual(['created_at'])
  expect(widthOf(field('name'), choice.widths)).toBe(640)
  expect(readChoice({ getItem: () => '[' }, register).columns).toEqual(['name'])
  expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b'])
  expect(moved(['a', 'b'], 'a', -1)).toEqual(['a', 'b'])
})
