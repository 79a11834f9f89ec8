import { expect, it } from 'vitest'
import { isDark, keptChoice, THEMES } from './appearance'

const store = (value: string | null) => ({ getItem: () => value })

it('keeps a choice and falls back to the system for what is unknown', () => {
  expect(keptChoice(store('dark'), 'theme', THEMES)).toBe('dark')
  expect(keptChoice(store('pink'), 'theme', THEMES)).toBe('system')
  expect(keptChoice(store(null), 'theme', THEMES)).toBe('system')
})

it('follows the system only when asked to', () => {
  expect([isDark('system', true), isDark('system', false), isDark('light', true), isDark('dark', false)]).toEqual([
    true,
    false,
    false,
    true,
  ])
})
