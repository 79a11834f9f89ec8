// The calendar of a roster: which days of a month, and who works on them. Pure; the service decides the same way (shifts).
import type { Shift, SpecialDay, Swap } from './answers'

export interface MonthDay {
  day: string
  number: number
  inMonth: boolean
  special: SpecialDay | null
  shifts: Shift[]
  /** Who takes a shift on this day, by shift. */
  swaps: ReadonlyMap<number, Swap>
}

const TWO = (n: number) => String(n).padStart(2, '0')
const iso = (date: Date) => `${date.getFullYear()}-${TWO(date.getMonth() + 1)}-${TWO(date.getDate())}`

/** Whether the shift falls on the day: as its weekdays say, but on holidays, and on weekend days that are worked. */
export function isWorked(shift: Shift, day: string, special: SpecialDay | null): boolean {
  if ((shift.since && day < shift.since) || (shift.until && day > shift.until)) return false
  const weekday = new Date(`${day}T12:00:00`).getDay() || 7
  const usual = shift.weekdays.includes(String(weekday))
  if (!special || shift.on_holidays) return usual
  return special.is_workday && (usual || /[1-5]/.test(shift.weekdays))
}

/** Six weeks around a month (1-12), from a Monday. */
export function monthOf(year: number, month: number, shifts: readonly Shift[], specials: readonly SpecialDay[], swaps: readonly Swap[] = []): MonthDay[] {
  const first = new Date(year, month - 1, 1)
  const begin = new Date(year, month - 1, 1 - ((first.getDay() + 6) % 7))
  const known = new Map(specials.map((special) => [special.day, special]))
  return Array.from({ length: 42 }, (_, n) => {
    const date = new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + n)
    const day = iso(date)
    const special = known.get(day) ?? null
    const taken = new Map(swaps.filter((swap) => swap.day === day).map((swap) => [swap.shift_id, swap]))
    return {
      day,
      number: date.getDate(),
      inMonth: date.getMonth() === month - 1,
      special,
      shifts: shifts.filter((shift) => taken.has(shift.id) || isWorked(shift, day, special)),
      swaps: taken,
    }
  })
}
