import { describe, expect, it } from 'vitest'
import { daysBetween, isDay } from './days'

describe('days', () => {
  it('step over months and years', () => {
    expect(daysBetween('2026-02-27', '2026-03-01')).toBe(2)
  })

  it('typed by hand are checked', () => {
    expect(isDay('2026-02-28')).toBe(true)
    expect(isDay('2026-1-1')).toBe(false)
    expect(isDay('2026-13-01')).toBe(false)
  })
})
