import { expect, it } from 'vitest'
import { isOver, isWorth, verdict, waitAfter, walkOf } from './records'

const fix = (at: number, lon: number, accuracy_m = 8) => ({ at, lon, lat: 29.5, accuracy_m })

it('keeps what nobody answered for, shows what was refused, asks to sign in when the session ended', () => {
  expect([200, 201, 204].map((status) => verdict(status))).toEqual(['sent', 'sent', 'sent'])
  expect([0, 408, 429, 500, 502, 503].map((status) => verdict(status))).toEqual(Array(6).fill('later'))
  expect([400, 403, 404, 409, 413, 422].map((status) => verdict(status))).toEqual(Array(6).fill('refused'))
  const owed = ['csrf', 'must_change_password', 'waits_locked', 'waits_code', 'waits_enrol'].map((code) => verdict(403, code))
  expect([verdict(401), ...owed]).toEqual(Array(6).fill('sign-in'))
})

it('asks ever more seldom, but every two minutes at least', () => {
  expect([1, 2, 3, 20].map(waitAfter)).toEqual([5_000, 10_000, 20_000, 120_000])
})

it('forgets only what is sent, and not today', () => {
  const now = 10 * 86_400_000
  expect(isOver({ state: 'sent', at: now - 86_400_000 }, now)).toBe(false)
  expect(isOver({ state: 'sent', at: now - 2 * 86_400_000 }, now)).toBe(true)
  expect(isOver({ state: 'waiting', at: 0 }, now)).toBe(false)
  expect(isOver({ state: 'refused', at: 0 }, now)).toBe(false)
})

it('cuts the walk at a silence and leaves coarse fixes out', () => {
  const walk = walkOf([fix(0, 106.5), fix(5_000, 106.5001), fix(10_000, 107, 900), fix(15_000, 106.5002), fix(900_000, 106.51)])
  expect(walk.pieces.map((piece) => piece.length)).toEqual([3, 1])
  expect(walk.metres).toBeCloseTo(19.4, 0)
  expect(walk.minutes).toBeCloseTo(0.25)
})

it('keeps a position that is some metres on, or a minute later', () => {
  expect(isWorth(null, fix(0, 106.5))).toBe(true)
  expect(isWorth(fix(0, 106.5), fix(5_000, 106.5))).toBe(false)
  expect(isWorth(fix(0, 106.5), fix(5_000, 106.5002))).toBe(true)
  expect(isWorth(fix(0, 106.5), fix(1_000, 106.5002))).toBe(false)
  expect(isWorth(fix(0, 106.5), fix(60_000, 106.5))).toBe(true)
})
