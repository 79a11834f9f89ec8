import { expect, it } from 'vitest'
import { bytes } from './sizes'

it('shows sizes in words', () => {
  expect([bytes(0), bytes(900), bytes(1536), bytes(310 * 2 ** 20), bytes(1.5 * 2 ** 30)]).toEqual([
    '0 B',
    '900 B',
    '1.5 KB',
    '310 MB',
    '1.5 GB',
  ])
})
