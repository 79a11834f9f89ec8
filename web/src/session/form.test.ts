import { expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import { missing, passwordFaults, passwordRules, refusalTitle } from './form'
import { words } from './words'

it('asks for what is missing', () => {
  expect(Object.keys(missing({ username: ' ', password: '' }))).toEqual(['username', 'password'])
  expect(missing({ username: 'a', password: 'b' })).toEqual({})
})

it('sees only what the service cannot: repeated or mistyped new passwords', () => {
  expect(passwordFaults({ old: 'a', fresh: 'a', again: 'a' }).fresh).toBe(words.password.sameAsOld)
  expect(passwordFaults({ old: 'a', fresh: 'b', again: 'c' }).again).toBe(words.password.different)
  expect(passwordFaults({ old: 'a', fresh: 'b', again: 'b' })).toEqual({})
})

it('tells a locked account from a wrong password', () => {
  const title = (status: number, code: string) => refusalTitle(new Problem(status, code, '', ''))
  expect([title(429, 'locked'), title(429, 'too_many'), title(401, 'wrong_password')]).toEqual([words.session.locked, words.session.tooMany, words.session.failed])
})

it('tells which password rules are met', () => {
  const met = (fresh: string) =>
    passwordRules(fresh, { username: 'wang', old: 'Old-2026-pass', least: 10 })
      .filter((rule) => rule.met)
      .map((rule) => rule.name)
  expect(met('')).toEqual([])
  expect(met('alllowercase')).toEqual(['length', 'name', 'fresh'])
  expect(met('Wang-2026-x')).toEqual(['length', 'classes', 'fresh'])
  expect(met('Old-2026-pass')).toEqual(['length', 'classes', 'name'])
  expect(met('New-2026-pass')).toEqual(['length', 'classes', 'name', 'fresh'])
})
