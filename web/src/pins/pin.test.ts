import { expect, it } from 'vitest'
import { isPlace, titleOf } from './pin'

it('calls a record by its name, else its number or code', () => {
  expect(titleOf('premises', { id: 3, name: '好又多超市', code: 'P1' })).toBe('好又多超市')
  expect(titleOf('households', { id: 3, number: 'H001' })).toBe('H001')
  expect(titleOf('buildings', { id: 3, name: null, code: 'B9' })).toBe('B9')
})

it('refuses swapped degrees', () => {
  expect(isPlace(106.5, 29.5)).toBe(true)
  expect(isPlace(29.5, 106.5)).toBe(false)
  expect(isPlace(NaN, 29.5)).toBe(false)
})
