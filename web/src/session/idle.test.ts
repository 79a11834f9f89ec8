import { expect, it } from 'vitest'
import { isIdle } from './idle'

it('locks after so many minutes, and never when told so', () => {
  expect(isIdle(0, 10 * 60_000 - 1, 10)).toBe(false)
  expect(isIdle(0, 10 * 60_000, 10)).toBe(true)
  expect(isIdle(0, 1e12, 0)).toBe(false)
})
