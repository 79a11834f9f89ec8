import { expect, it } from 'vitest'
import type { Register, RegisterField, Where } from './types'
import { both, countConditions, fromAddress, holdsSecret, inWords, isComplete, readWhere, valueFor, writeWhere } from './where'

const field = (key: string, given: Partial<RegisterField> = {}): RegisterField => ({
  key, label: key, kind: 'text', codes: null, sortable: true, writable: true, required: false, length: 50, whole: false,
  refers: null, bulk: true, measure: false, ops: ['eq'], ...given,
})
const register: Register = {
  name: 'residents', title: '居民', key: 'id', write: true, adds: true, placed: true, point: null, fresh: true, people: true, explains: true,
  fields: [field('name', { label: '姓名' }), field('sex', { label: '性别', kind: 'code', codes: 'sex' }), field('phone', { kind: 'sealed' })],
}

it('reads and writes every kind of condition alike', () => {
  const where: Where = {
    all: [
      { field: 'name', op: 'starts', value: '王' },
      { not: { any: [{ field: 'sex', op: 'in', value: ['1'] }, { area: '5001' }] } },
      { near: { lon: 1, lat: 2, metres: 3 } },
      { fresh: ['never'] },
      { field: 'phone', op: 'empty' },
      { text: '王' },
    ],
  }
  expect(writeWhere(readWhere(where))).toEqual(where)
  expect(writeWhere(readWhere({ not: { text: '王' } }))).toEqual({ not: { text: '王' } })
})

it('leaves unfinished conditions out and asks for everything when nothing is left', () => {
  const tree = readWhere({ any: [{ field: 'name', op: 'eq', value: '' }, { all: [{ field: 'sex', op: 'in', value: [] }] }] })
  expect(writeWhere(tree)).toBe(null)
  expect(countConditions(tree)).toBe(0)
  expect(isComplete({ kind: 'field', field: 'born', op: 'between', value: ['1950-01-01', null] })).toBe(false)
  expect(writeWhere(readWhere(null))).toBe(null)
})

it('keeps a value when the operator changes', () => {
  expect(valueFor('in', '1')).toEqual(['1'])
  expect(valueFor('eq', ['1', '2'])).toBe('1')
  expect(valueFor('between', '1')).toEqual(['1', null])
  expect(valueFor('empty', '1')).toBe(null)
})

it('keeps numbers of people out of the address bar', () => {
  expect(holdsSecret(readWhere({ text: '138 0000 0001' }), register.fields)).toBe(true)
  expect(holdsSecret(readWhere({ all: [{ field: 'phone', op: 'eq', value: '1' }] }), register.fields)).toBe(true)
  expect(holdsSecret(readWhere({ text: '3-2-502' }), register.fields)).toBe(false)
  expect(fromAddress('{"text":"王"}')).toEqual({ text: '王' })
  expect(fromAddress('{x')).toBe(null)
})

it('says a question in words', () => {
  const tree = readWhere({ all: [{ field: 'sex', op: 'eq', value: '2' }, { any: [{ field: 'name', op: 'starts', value: '王' }, { text: '李' }] }] })
  expect(inWords(tree, register, () => ({ 2: '女' }))).toBe('性别 是 女 且 （姓名 开头是 王 或 “李”）')
  expect(both(null, { text: '王' })).toEqual({ text: '王' })
})
