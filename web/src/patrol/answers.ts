// What the service answers about patrols.
export interface Live {
  device_id: number
  code: string
  worker: string | null
  at: string
  age_seconds: number
  stale: boolean
  lon: number
  lat: number
  accuracy_m: number | null
  speed_mps: number | null
  battery: number | null
  area_code: string | null
}

/** Arrays of one length: epoch seconds, degrees. */
export interface Piece {
  at: number[]
  lon: number[]
  lat: number[]
}

export interface Played {
  id: number
  worker: string | null
  device: string
  doubt: number
  pieces: Piece[]
}

export interface Track {
  id: number
  day: string
  device: string
  worker: string | null
  started_at: string | null
  ended_at: string | null
  fixes: number
  flagged: Record<string, number>
  length_m: number
  minutes: number
  doubt: number
  doubts: Record<string, { score: number; why: string }>
  area_code: string | null
}

export interface TrackVisit {
  id: number
  kind: string
  name: string | null
  started_at: string
  ended_at: string
  nearest_m: number
}

export interface Share {
  targets: number
  passed: number
  share: number | null
}

export interface CoveredArea extends Share {
  code: string
  name: string
  kinds: Record<string, Share>
}

export interface Coverage extends Share {
  first: string
  last: string
  areas: CoveredArea[]
  /** The areas above those. */
  above: CoveredArea[]
}

export interface CoveredWorker {
  worker: string
  user_id: number | null
  days: number
  length_m: number
  minutes: number
  passed: number
  share: number | null
}

/** How a planned route was kept to: its days, those it was walked on, and what became of its stops. */
export interface KeptPlan {
  id: number
  name: string
  worker: string | null
  days: number
  walked: number
  good: number
  off: number
  missed: number
  share: number | null
}

export interface Unvisited {
  id: number
  kind: string
  name: string | null
  weight: number
  area_code: string
  lon: number
  lat: number
  last_visit: string | null
}

export interface DutyState {
  shift_id: number
  worker: string
  area_code: string | null
  starts_at: string
  ends_at: string
  first_at: string | null
  last_at: string | null
  states: string[]
  minutes: number
  patrols: number
  met: boolean
}

/** A worker by account, or by name alone where he has none. */
export interface Named {
  user_id: number | null
  worker: string
}

export interface Swap {
  shift_id: number
  day: string
  worker: string | null
  user_id: number | null
}

export interface Shift {
  id: number
  worker: string
  user_id: number | null
  weekdays: string
  starts: string
  ends: string
  since: string | null
  until: string | null
  on_holidays: boolean
  area_code: string | null
  version: number
}

export interface SpecialDay {
  day: string
  is_workday: boolean
  name: string
}

export interface Device {
  id: number
  code: string
  name: string | null
  worker: string | null
  user_id: number | null
  area_code: string | null
  retired_at: string | null
  version: number
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Recorded {
  received: number
  stored: number
  repeated: number
  refused: Record<string, number>
  flagged: Record<string, number>
  length_m: number
  minutes: number
  warnings: string[]
  tracks: { id: number; device: string; day: string; fixes: number; length_m: number; minutes: number; area_code: string | null }[]
  areas: { code: string | null; fixes: number; length_m: number; minutes: number }[]
}

export interface Passed {
  track_id: number
  worker: string | null
  device: string
  day: string
  nearest_m: number
  first: string
  last: string
}

export interface SpotCheck {
  id: number
  worker: string
  question: string
  asked_by: string
  asked_at: string
  answer_by: string
  answer: string | null
  answered_at: string | null
  area_name: string | null
  state: string
  words: string
}

export interface Sent {
  id: number
  text: string
  made_by: string
  made_at: string
  area_name: string | null
  readers: number
  reaches: number
  tries: number
  pushed_at: string | null
}

export interface Worker {
  id: number
  name: string
  area_code: string
  area_name: string | null
}

export interface RouteStop {
  target_id: number
  from?: string
  to?: string
}

export interface Route {
  id: number
  name: string
  worker: string | null
  user_id: number | null
  weekdays: string
  area_code: string | null
  plan: { stops: RouteStop[]; in_order?: boolean }
  version: number
}

export interface Progress {
  planned: boolean
  good: number
  all: number
  stops: {
    target_id: number
    name: string | null
    lon: number | null
    lat: number | null
    from: string | null
    to: string | null
    state: string
    words: string
    at: string | null
  }[]
}
