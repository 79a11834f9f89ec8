import { expect, it } from 'vitest'
import { shallowRef } from 'vue'
import { Problem } from '@/api/problem'
import { useFaults } from './faults'

const refused = (errors: Record<string, string[]>) => shallowRef(new Problem(422, 'invalid', '', '“name”不能为空。', { errors: { json: errors } }))

it('tells a fault at its field, and above the form what no field shows', () => {
  const { faults, general } = useFaults(refused({ name: ['不能为空'] }), ['name'], 'form')
  expect([faults.value, general.value]).toEqual([{ name: '不能为空' }, ''])
  expect(useFaults(refused({ rights: ['须为列表'] }), ['name'], 'form').general.value).toBe('“name”不能为空。')
  expect(useFaults(refused({}), ['name'], 'form').general.value).toBe('“name”不能为空。')
  expect(useFaults(shallowRef(null), ['name'], 'form').general.value).toBe('')
})
