import { expect, it } from 'vitest'
import { share } from './visits'

it('tells how much is verified and not overdue', () => {
  expect(share({ fresh: 6, soon: 1, overdue: 2, never: 1 })).toBe(70)
  expect(share({ fresh: 0, soon: 0, overdue: 0, never: 3 })).toBe(0)
})

it('tells nothing where there is nothing', () => {
  expect(share(undefined)).toBe(null)
  expect(share({ fresh: 0, soon: 0, overdue: 0, never: 0 })).toBe(null)
})
