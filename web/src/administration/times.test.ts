import { expect, it } from 'vitest'
import { bytes, moment } from './times'

it('shows moments in local time and sizes in words', () => {
  expect(moment('2026-11-22T01:05:00+00:00')).toBe('2026-11-22 09:05')
  expect(moment(null)).toBe('')
  expect([bytes(0), bytes(900), bytes(1536), bytes(310 * 2 ** 20), bytes(1.5 * 2 ** 30)]).toEqual([
    '0 B',
    '900 B',
    '1.5 KB',
    '310 MB',
    '1.5 GB',
  ])
})
