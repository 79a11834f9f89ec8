import { expect, it } from 'vitest'
import { changedValues, differences, faults, fieldErrors, filledFromId, merged, startValues, tidied } from './form'
import { idFault, readIdNumber } from './idnumber'
import type { Register, RegisterField } from './types'

const field = (key: string, given: Partial<RegisterField> = {}): RegisterField => ({
  key, label: key, kind: 'text', codes: null, sortable: true, writable: true, required: false, length: 5, whole: false,
  refers: null, bulk: true, measure: false, ops: ['eq'], ...given,
})
const register = {
  name: 'residents',
  point: null,
  fields: [
    field('id', { writable: false }),
    field('birth_date', { kind: 'day' }),
    field('name', { required: true }),
    field('id_number', { kind: 'sealed', length: null }),
    field('sex', { kind: 'code' }),
    field('floors', { kind: 'number', whole: true }),
    field('native_place', { length: 100 }),
  ],
} as unknown as Register

it('sends only what was changed', () => {
  const before = startValues(register, { id: 1, name: '王', id_number: '500103********', floors: 3 })
  expect(before).toEqual({ name: '王', birth_date: null, id_number: '500103********', sex: null, floors: 3, native_place: null })
  expect(changedValues({ ...before, name: ' 汪 ', sex: '', floors: 4 }, before)).toEqual({ name: '汪', floors: 4 })
  expect(tidied(register, { birth_date: '1950年6月1日', floors: '4', name: '' })).toEqual({ birth_date: '1950-06-01', floors: 4, name: null })
})

it('names obvious faults beside their fields, and only in what was touched', () => {
  const before = startValues(register, { name: '王', id_number: '500103************' })
  expect(faults(register, before, before, false)).toEqual({})
  expect(Object.keys(faults(register, startValues(register, null), {}, true))).toEqual(['name'])
  const now = { ...before, name: '六个字的名字', birth_date: '1950-02-30', floors: '1.5', id_number: '500103199001010011' }
  expect(Object.keys(faults(register, now, before, false)).sort()).toEqual(['birth_date', 'floors', 'id_number', 'name'])
})

it('reads identity numbers', () => {
  expect(readIdNumber('50010319000101001X')).toEqual({ area: '500103', born: '1900-01-01', sex: '1' })
  expect(idFault('500103190001010011')).toContain('校验')
  expect(idFault('123')).toContain('18')
  const filled = filledFromId({ id_number: '50010319000101001x', birth_date: null, sex: '2', native_place: '' }, () => '渝中区')
  expect(filled).toEqual({ birth_date: '1900-01-01', native_place: '渝中区' })
  expect(filledFromId({ id_number: '5' }, () => null)).toEqual({})
})

it('lays two versions side by side and takes each field from where one chose', () => {
  const before = { name: '王', sex: '1', floors: 1 }
  const mine = { name: '汪', sex: '1', floors: 2 }
  const theirs = { name: '黄', sex: '2', floors: 1 }
  const changes = [{ at: '2026-11-22T08:00:00Z', by: '李四', action: 'change', version: 2, before: {}, after: { name: '黄', sex: '2' } }]
  const found = differences(before, mine, theirs, changes)
  expect(found.map(({ key, clash, by }) => [key, clash, by])).toEqual([['name', true, '李四'], ['sex', false, '李四'], ['floors', false, null]])
  expect(merged(theirs, found, { name: 'mine', sex: 'theirs', floors: 'mine' })).toEqual({ name: '汪', sex: '2', floors: 2 })
  expect(merged(theirs, found, { name: 'theirs', sex: 'mine', floors: 'theirs' })).toEqual(theirs)
})

it('puts the service’s refusals beside their fields', () => {
  expect(fieldErrors({ errors: { json: { name: ['必填'] } } })).toEqual({ name: '必填' })
  expect(fieldErrors({ code: 'bad_phone', detail: '电话号码应为 5-20 位数字。' })).toEqual({ phone: '电话号码应为 5-20 位数字。' })
  expect(fieldErrors({ code: 'other' })).toEqual({})
})
