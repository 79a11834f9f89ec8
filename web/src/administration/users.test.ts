import { expect, it } from 'vitest'
import { found, stateOf, type User } from './users'

const user = (given: Partial<User> = {}): User => ({
  username: 'wang.xm',
  name: '王小明',
  roles: ['grid_worker'],
  scopes: ['500103001'],
  must_change_password: false,
  locked_until: null,
  retired_at: null,
  expires_on: null,
  created_at: '2026-01-01T00:00:00Z',
  seen_at: null,
  second_factor: false,
  demo: false,
  version: 1,
  ...given,
})
const now = new Date('2026-11-22T02:00:00Z')
const state = (given: Partial<User>) => stateOf(user(given), now, '2026-11-22')

it('tells the state that matters most', () => {
  expect(state({})).toBe('active')
  expect(state({ must_change_password: true })).toBe('first')
  expect(state({ locked_until: '2026-11-22T02:10:00Z', must_change_password: true })).toBe('locked')
  expect(state({ locked_until: '2026-11-22T01:00:00Z' })).toBe('active')
  expect([state({ expires_on: '2026-11-22' }), state({ expires_on: '2026-11-21' })]).toEqual(['active', 'over'])
  expect(state({ retired_at: '2026-11-01T00:00:00Z', expires_on: '2026-11-01' })).toBe('retired')
})

it('finds by account, name, area and role, without the disabled unless asked', () => {
  const users = [user(), user({ username: 'li', name: '李', scopes: ['5002'], roles: ['street'], retired_at: '2026-01-01' })]
  const names = (asked: string, role = '', retired = true) => found(users, asked, { role, retired }).map(({ username }) => username)
  expect([names('小明'), names('5002'), names('', 'street'), names('', '', false), names('zz')]).toEqual([
    ['wang.xm'],
    ['li'],
    ['li'],
    ['wang.xm'],
    [],
  ])
})
