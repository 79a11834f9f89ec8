import { afterEach, expect, it } from 'vitest'
import { clockOf, dayOf, fieldMoment, moment, momentOf, shifted, shortTime, useZone, withoutYear } from './moments'

afterEach(() => useZone('Asia/Shanghai'))

it('tells moments as the office counts them, whatever zone this computer is in', () => {
  const late = '2026-11-22T17:05:00+00:00'
  expect([moment(late), dayOf(late), clockOf(late), withoutYear(late)]).toEqual(['2026-11-23 01:05', '2026-11-23', '01:05', '11-23 01:05'])
  useZone('Asia/Urumqi')
  expect([moment(late), dayOf(late)]).toEqual(['2026-11-22 23:05', '2026-11-22'])
})

it('leaves text that is no moment, and nothing, as they are', () => {
  expect([moment('soon'), moment(''), moment(null)]).toEqual(['soon', '', ''])
})

it('keeps the zone when it is told one that this browser does not know', () => {
  useZone('Nowhere/Else')
  expect(clockOf('2026-11-22T00:00Z')).toBe('08:00')
})

it('is short about today', () => {
  expect(shortTime(momentOf(`${dayOf()}T09:05`).getTime())).toBe('09:05')
  expect(shortTime('2020-01-02T03:04:00+08:00')).toBe('01-02 03:04')
  expect(shortTime(null)).toBe('—')
})

it('gives a field the moment it gets back', () => {
  expect(fieldMoment('2026-11-01T04:05:30Z')).toBe('2026-11-01T12:05')
  expect(momentOf('2026-11-01T12:05').toISOString()).toBe('2026-11-01T04:05:00.000Z')
  expect(momentOf('2026-11-01').toISOString()).toBe('2026-10-31T16:00:00.000Z')
  useZone('America/New_York') // its clocks change
  for (const [field, at] of [['2026-03-08T01:30', '2026-03-08T06:30'], ['2026-03-08T03:30', '2026-03-08T07:30'], ['2026-11-01T12:05', '2026-11-01T17:05']])
    expect(momentOf(field!).toISOString()).toBe(`${at}:00.000Z`)
})

it('steps over months and years', () => {
  expect([shifted('2026-01-01', -1), shifted('2026-02-28', 1)]).toEqual(['2025-12-31', '2026-03-01'])
})
