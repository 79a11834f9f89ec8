// Days and times as the service counts them: in its zone, whatever this computer takes for the local one.
const KEPT = 'gis-grid-zone'
let zone = 'Asia/Shanghai'
let written = writing(zone)

function writing(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'short' })
}

/** Count days and times in this zone from now on, also when the page is opened without the service. */
export function useZone(name: string): void {
  try {
    written = writing(name)
    zone = name
    localStorage.setItem(KEPT, name)
  } catch {
    // a zone this browser does not know, or no storage: as before
  }
}

/** The zone that was told last. */
export function recallZone(): void {
  const kept = globalThis.localStorage?.getItem(KEPT)
  if (kept && kept !== zone) useZone(kept)
}

type At = Date | number | string

/** 2026-11-22 15:04; text that is no moment stays as it is, nothing is nothing. */
export function moment(at: At | null | undefined): string {
  if (at === null || at === undefined || at === '') return ''
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : written.format(date)
}

/** 2026-11-22: the day on which the moment falls. */
export const dayOf = (at: At = Date.now()): string => moment(at).slice(0, 10)

/** 15:04 */
export const clockOf = (at: At): string => moment(at).slice(11)

/** 11-22 15:04 */
export const withoutYear = (at: At): string => moment(at).slice(5)

/** 15:04, or 11-22 15:04 where it is not today. */
export function shortTime(at: At | null | undefined): string {
  if (!at) return '—'
  return dayOf(at) === dayOf() ? clockOf(at) : withoutYear(at)
}

/** 2026-11-22T15:04, as fields for a moment want it. */
export const fieldMoment = (at: At): string => moment(at).replace(' ', 'T')

/** The moment that such a field (or a day, at its beginning) means. */
export function momentOf(field: string): Date {
  const asUtc = Date.parse(field.length === 10 ? `${field}T00:00Z` : `${field}Z`)
  const offset = (at: number) => Date.parse(`${fieldMoment(at)}Z`) - Math.floor(at / 60_000) * 60_000
  return new Date(asUtc - offset(asUtc - offset(asUtc))) // twice: the clocks may change in between
}

/** So many days later, or earlier. */
export function shifted(day: string, by: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10)
}
