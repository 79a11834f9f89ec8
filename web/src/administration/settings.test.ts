import { expect, it } from 'vitest'
import { shownValue, typed } from './settings'
import { words } from './words'

const number = { bounds: { least: 0, most: 9, options: [], length: 0 } }

it('shows values as people read them', () => {
  expect([shownValue(null), shownValue(true), shownValue(5), shownValue([1, 2])]).toEqual([
    words.settings.empty,
    words.settings.yes,
    '5',
    '[1,2]',
  ])
})

it('sends numbers as numbers and an empty text as none', () => {
  expect([typed(number, ' 7'), typed({ bounds: { ...number.bounds, length: 60 } }, ' '), typed({ bounds: { ...number.bounds, options: ['off'] } }, 'off')]).toEqual([
    7,
    null,
    'off',
  ])
})
