// The phone page's service worker: keeps the page and its files, so that it opens without a network. Built as a file of its own
// (/patrol-worker.js), registered by the phone page only. Data is not its business: that lies in the page's own memory.
import { FILES, kindOf, outdated, PAGE } from './keeping'

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface Fetched extends Waiting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}
interface Said extends Waiting {
  readonly data: unknown
}
interface Scope {
  readonly location: Location
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(kind: 'install' | 'activate', act: (event: Waiting) => void): void
  addEventListener(kind: 'fetch', act: (event: Fetched) => void): void
  addEventListener(kind: 'message', act: (event: Said) => void): void
}

const scope = self as unknown as Scope
const CACHE = 'patrol'
const PATIENCE_MS = 5_000

scope.addEventListener('install', (event) => event.waitUntil(keepAll().then(() => scope.skipWaiting())))
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
scope.addEventListener('message', (event) => event.waitUntil(keepAll().catch(() => {})))
scope.addEventListener('fetch', (event) => {
  const { method, url, mode, referrer } = event.request
  const kind = kindOf({ method, url, mode, referrer }, scope.location.origin)
  if (kind === 'page') event.respondWith(newest(event.request, PAGE))
  if (kind === 'map') event.respondWith(newest(event.request, new URL(url).pathname))
  if (kind === 'file') event.respondWith(kept(event.request))
})

/** The page and every file it needs, as the present build names them; those of earlier builds go. */
async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE)
  const told = await fetch(FILES, { cache: 'no-cache' })
  if (!told.ok) throw new Error(FILES)
  const files = (await told.json()) as string[]
  const missing = await Promise.all(files.map(async (path) => ((await cache.match(path)) ? [] : [path])))
  await cache.addAll(missing.flat())
  await cache.add(new Request(PAGE, { cache: 'no-cache' })) // last: it names the files
  const there = (await cache.keys()).map(({ url }) => new URL(url).pathname)
  await Promise.all(outdated(there, files).map((path) => cache.delete(path)))
}

/** From the service if it answers soon, and kept; else as it was kept. */
async function newest(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(CACHE)
  try {
    const found = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (found.ok) await cache.put(name, found.clone())
    if (found.ok || found.status < 500) return found
  } catch {
    // nobody answers: as it was kept
  }
  return (await cache.match(name)) ?? Response.error()
}

async function kept(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request)
}
