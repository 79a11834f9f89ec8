import { expect, it } from 'vitest'
import type { Shift } from './answers'
import { isWorked, monthOf } from './roster'

const shift = (given: Partial<Shift> = {}): Shift => ({
  id: 1, worker: '王', user_id: null, weekdays: '12345', starts: '08:30', ends: '12:00', since: null, until: null, on_holidays: false, area_code: null, version: 1, ...given,
})
const MONDAY = '2026-11-23'
const SUNDAY = '2026-11-22'

it('works as its weekdays say', () => {
  expect([isWorked(shift(), MONDAY, null), isWorked(shift(), SUNDAY, null)]).toEqual([true, false])
  expect(isWorked(shift({ weekdays: '7' }), SUNDAY, null)).toBe(true)
  expect(isWorked(shift({ until: '2026-11-22' }), MONDAY, null)).toBe(false)
})

it('rests on holidays and works on weekends made workdays', () => {
  const holiday = { day: MONDAY, is_workday: false, name: '放假' }
  const worked = { day: SUNDAY, is_workday: true, name: '调休' }
  expect(isWorked(shift(), MONDAY, holiday)).toBe(false)
  expect(isWorked(shift({ on_holidays: true }), MONDAY, holiday)).toBe(true)
  expect(isWorked(shift(), SUNDAY, worked)).toBe(true)
})

it('shows a month in whole weeks from Monday', () => {
  const days = monthOf(2026, 11, [shift()], [])
  expect([days[0]!.day, days.length]).toEqual(['2026-10-26', 42])
  expect(days.filter(({ inMonth }) => inMonth)).toHaveLength(30)
  expect(days.find(({ day }) => day === MONDAY)!.shifts).toHaveLength(1)
})

it('shows who takes a shift, also on a day it does not fall on', () => {
  const swap = { shift_id: 1, day: SUNDAY, worker: '李', user_id: 7 }
  const days = monthOf(2026, 11, [shift()], [], [swap])
  const sunday = days.find(({ day }) => day === SUNDAY)!
  expect([sunday.shifts.length, sunday.swaps.get(1)?.worker]).toEqual([1, '李'])
  expect(days.find(({ day }) => day === MONDAY)!.swaps.size).toBe(0)
})
