import { expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import { missing, passwordFaults, refusalTitle } from './form'
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
  const title = (status: number) => refusalTitle(new Problem(status, '', '', ''))
  expect([title(423), title(429), title(401)]).toEqual([words.session.locked, words.session.tooMany, words.session.failed])
})
