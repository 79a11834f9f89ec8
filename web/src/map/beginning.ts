// The way to the first map, without waiting in a row: its program, its worker and what it shows are asked for at the same time.
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { askGround, type Ground } from './ground'

const program = () => import('./MapPage.vue')
let begun: Promise<Ground> | null = null

/** Fetches the files while the service is asked who is there, or while he signs in; they stay in the browser's cache. */
export function fetchMap(): void {
  void program().catch(() => {}) // asked again when the page is opened
  void fetch(workerUrl).catch(() => {})
}

/** The page; what it shows is on its way before its program is there. */
export function openMapPage() {
  begun = askGround()
  begun.catch(() => {}) // the page tells
  return program()
}

/** What was asked for when the page was opened; once. */
export function takeBegun(): Promise<Ground> | null {
  const mine = begun
  begun = null
  return mine
}
