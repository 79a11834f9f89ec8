import { expect, it } from 'vitest'
import { chosenColumns, unmatched } from './imports'

it('sends only the columns that differ from what the service found', () => {
  expect(chosenColumns({ name: '姓名', phone: '电话' }, { name: '姓名', phone: '手机', sex: '', id_number: '证件' })).toEqual({ phone: '手机', id_number: '证件' })
  expect(chosenColumns({ name: '姓名', phone: '电话' }, { name: '姓名', phone: undefined })).toEqual({ phone: '' })
})

it('names required fields without a column', () => {
  const fields = [{ key: 'name', label: '姓名', required: true }, { key: 'sex', label: '性别', required: false }]
  expect(unmatched({ fields }, { name: '' })).toEqual(['姓名'])
  expect(unmatched({ fields }, { name: '姓名' })).toEqual([])
})
