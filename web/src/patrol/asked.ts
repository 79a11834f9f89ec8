// Days and times as the patrol pages show and ask them.

/** 2026-11-22, in the time of this computer. */
export function isoDay(moment = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}

/** 2026-11-21T14:05, as fields for a moment want it: in the computer's own time. */
export function fieldTime(moment: Date): string {
  return `${isoDay(moment)}T${moment.toTimeString().slice(0, 5)}`
}

/** 14:05, or 11-21 14:05 where it is not today. */
export function shortTime(at: string | number | null | undefined): string {
  if (!at) return '—'
  const moment = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`
  return isoDay(moment) === isoDay() ? clock : `${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`
}
