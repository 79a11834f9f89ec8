// Which requests the phone page's service worker answers from what it keeps. Pure.

export const PAGE = '/patrol/phone'
export const FILES = '/patrol-files.json'
const MAP = new Set(['/api/map', '/api/layers'])

/** page: the page itself; file: part of the console's build, never changes under its name; map: what a map needs to open. */
export type Kind = 'page' | 'file' | 'map' | 'other'

export interface Asked {
  method: string
  url: string
  mode: string
  referrer: string
}

/** What is asked of `origin`. Only the phone page's own requests are touched; all others go their usual way. */
export function kindOf({ method, url, mode, referrer }: Asked, origin: string): Kind {
  const asked = new URL(url)
  if (method !== 'GET' || asked.origin !== origin) return 'other'
  if (mode === 'navigate') return asked.pathname === PAGE ? 'page' : 'other'
  if (asked.pathname.startsWith('/assets/') || asked.pathname === '/favicon.svg' || asked.pathname === '/patrol-manifest.json') return 'file'
  return MAP.has(asked.pathname) && isFromPage(referrer, origin) ? 'map' : 'other'
}

function isFromPage(referrer: string, origin: string): boolean {
  return referrer.startsWith(`${origin}${PAGE}`)
}

/** Kept files that the present build does not have any more. */
export function outdated(kept: readonly string[], files: readonly string[]): string[] {
  const present = new Set(files)
  return kept.filter((path) => path.startsWith('/assets/') && !present.has(path))
}
