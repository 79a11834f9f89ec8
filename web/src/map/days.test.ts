import { describe, expect, it } from 'vitest'
import { daysBetween, isDay, shifted, todayText } from './days'

describe('days', () => {
  it('are counted where the grids are', () => {
    expect(todayText(new Date('2026-11-22T17:00:00Z'))).toBe('2026-11-23')
  })

  it('step over months and years', () => {
    expect(shifted('2026-01-01', -1)).toBe('2025-12-31')
    expect(daysBetween('2026-02-27', '2026-03-01')).toBe(2)
  })

  it('typed by hand are checked', () => {
    expect(isDay('2026-02-28')).toBe(true)
    expect(isDay('2026-1-1')).toBe(false)
    expect(isDay('2026-13-01')).toBe(false)
  })
})
