import { expect, it } from 'vitest'
import { withoutInner } from './areas'

it('leaves out what lies in another chosen area', () => {
  expect(withoutInner(['500103001', '500103001002', '500104'])).toEqual(['500103001', '500104'])
  expect(withoutInner(['500103', ''])).toEqual([''])
})
