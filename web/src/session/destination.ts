// Where a visitor may go: pure, so that the router only asks.

export type SessionState = 'unknown' | 'nobody' | 'code' | 'must-change' | 'enrol' | 'locked' | 'signed-in' | 'unreachable'

export interface Visit {
  state: SessionState
  open: boolean
  /** The page works without a service and asks to sign in by itself. */
  offline?: boolean
  path: string
  next: unknown
}

/** True to go on, otherwise the path to go to instead. */
export function destination({ state, open, offline, path, next }: Visit): true | string {
  if (state === 'signed-in') return open ? safeNext(next) : true
  if (state === 'locked') return open ? safeNext(next) : true // the page stays where it is, under the cover
  if (open || offline) return true
  return path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`
}

/** A path on this service only; anything else (another host, a script) becomes the map. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/'
}
