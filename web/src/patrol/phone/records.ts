// What a phone keeps until the service has it: fixes and records, their states, and what an answer means for them. Pure.

/** waiting: not yet with the service; sent: it said so; refused: it said why not, and it stays here to be read. */
export type State = 'waiting' | 'sent' | 'refused'

/** A position of the user's, known by its time (milliseconds since 1970). Degrees, metres, m/s, per cent. */
export interface Fix {
  user: number
  at: number
  lon: number
  lat: number
  accuracy_m: number | null
  speed_mps: number | null
  course_deg: number | null
  ele_m: number | null
  battery: number | null
  state: State
  why?: string
}

export type Kind = 'visit' | 'report' | 'answer'

/** A form that was filled in; `id` is its name with the service, too, so that it may come twice. */
export interface Entry {
  id: string
  user: number
  kind: Kind
  at: number
  title: string
  body: Record<string, unknown>
  photos: Blob[]
  state: State
  why?: string
  /** What the service made of it: the event's number, what proves a visit. */
  told?: string
  /** What it is about: the room or shop of a visit. */
  about?: string
}

export type Counts = Record<State, number>

export type Verdict = 'sent' | 'refused' | 'later' | 'sign-in'

/** What an answer with this HTTP status (0: nobody answered) and code means for what was sent. */
export function verdict(status: number, code = ''): Verdict {
  if (status >= 200 && status < 300) return 'sent'
  if (status === 401 || code === 'csrf' || code === 'must_change_password' || code.startsWith('waits_')) return 'sign-in'
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'later'
  return 'refused'
}

const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 120_000

/** How long to wait after so many attempts in a row that nobody answered. */
export function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1))
}

const KEEP_SENT_MS = 36 * 3_600_000

/** Sent things go after a day and a half; what waits or was refused stays until somebody decides. */
export function isOver({ state, at }: { state: State; at: number }, now: number): boolean {
  return state === 'sent' && at < now - KEEP_SENT_MS
}

export interface Walk {
  pieces: [number, number][][]
  metres: number
  minutes: number
}

const GAP_MS = 5 * 60_000
const COARSE_M = 50

/** The line of these fixes in order of time: cut at silences; coarse fixes are left out, as the service does. */
export function walkOf(fixes: readonly Pick<Fix, 'at' | 'lon' | 'lat' | 'accuracy_m'>[]): Walk {
  const walk: Walk = { pieces: [], metres: 0, minutes: 0 }
  let last: Pick<Fix, 'at' | 'lon' | 'lat'> | null = null
  for (const fix of fixes) {
    if ((fix.accuracy_m ?? 0) > COARSE_M) continue
    if (last && fix.at - last.at <= GAP_MS) {
      walk.metres += metresBetween(last, fix)
      walk.minutes += (fix.at - last.at) / 60_000
      walk.pieces.at(-1)!.push([fix.lon, fix.lat])
    } else {
      walk.pieces.push([[fix.lon, fix.lat]])
    }
    last = fix
  }
  return walk
}

const METRES_PER_DEGREE = 111_195

/** Metres between two places; good to a thousandth within a town. */
export function metresBetween(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const north = (b.lat - a.lat) * METRES_PER_DEGREE
  const east = (b.lon - a.lon) * METRES_PER_DEGREE * Math.cos((a.lat * Math.PI) / 180)
  return Math.hypot(north, east)
}

const STEP_M = 8
const LEAST_MS = 2_000
const MOST_MS = 60_000

type Place = Pick<Fix, 'at' | 'lon' | 'lat'>

/** Whether a new position is worth keeping beside the last one: some metres on, or a minute later. */
export function isWorth(last: Place | null, next: Place): boolean {
  if (!last) return true
  const passed = next.at - last.at
  return passed >= MOST_MS || (passed >= LEAST_MS && hasMoved(last, next))
}

/** Whether somebody went from the last position to the next, and did not only stand there. */
export function hasMoved(last: Place | null, next: Place): boolean {
  return last !== null && metresBetween(last, next) >= STEP_M
}
