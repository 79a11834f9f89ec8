// One pin: where it stands, what moving it would mean, and the moves themselves; locked unless one unlocks it on purpose.
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort, type Problem } from '@/api/problem'

export interface Pin {
  lon: number | null
  lat: number | null
  /** Where to look when it has no place of its own yet. */
  near_lon?: number | null
  near_lat?: number | null
  area_code: string | null
  locked: boolean
  version: number
  can_undo?: boolean
}

export interface Place {
  lon: number
  lat: number
}

export interface Preview {
  lon: number
  lat: number
  grid_now: string | null
  grid_then: string | null
  why: string
  moved_m: number | null
  remarks: string[]
}

export interface Spot {
  lon: number
  lat: number
  /** Phones tell WGS 84; the map is CGCS2000. */
  crs: 'cgcs2000' | 'wgs84'
}

export const WRITES: Record<string, string> = { households: 'people.write', premises: 'premises.write', buildings: 'buildings.write' }
const PREVIEW_EVERY_MS = 150

/** What a record is called on its pin. */
export function titleOf(register: string, row: Record<string, unknown>): string {
  const text = (name: string) => (typeof row[name] === 'string' ? (row[name] as string) : '')
  return text('name') || text('number') || text('code') || `${register} ${String(row.id ?? '')}`
}

/** Whether typed degrees can be a place in China. */
export function isPlace(lon: number, lat: number): boolean {
  return lon >= 73 && lon <= 136 && lat >= 3 && lat <= 54
}

export const placeOf = (pin: Pin | null): Place | null => (pin?.lon != null && pin.lat != null ? { lon: pin.lon, lat: pin.lat } : null)

export function usePin(pinned: string, key: number) {
  const path = { pinned, key }
  const pin = shallowRef<Pin | null>(null)
  const title = ref('')
  const spot = shallowRef<Spot | null>(null)
  const preview = shallowRef<Preview | null>(null)
  const names = ref<Record<string, string>>({})
  const free = ref(false)
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  const refused = ref('')
  /** Somebody changed it meanwhile: what, and where it stood when I began. */
  const met = shallowRef<{ problem: Problem; was: Place | null } | null>(null)
  let timer = 0
  let asking: AbortController | null = null

  const isMoved = computed(() => spot.value !== null)
  /** Where it stands as saved. */
  const stands = computed(() => placeOf(pin.value))
  const at = computed(() => spot.value ?? stands.value)
  const tag = () => ({ 'If-Match': `"${pin.value!.version}"` })

  async function load(): Promise<void> {
    problem.value = null
    try {
      const [found, row] = await Promise.all([answer<Pin>(client.GET('/api/pins/{pinned}/{key}', { params: { path } })), record()])
      pin.value = found
      title.value = titleOf(pinned, row)
      void called(found.area_code)
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
  }

  function record(): Promise<Record<string, unknown>> {
    const params = { path: { key } }
    if (pinned === 'households') return answer(client.GET('/api/households/{key}', { params }))
    if (pinned === 'premises') return answer(client.GET('/api/premises/{key}', { params }))
    return answer(client.GET('/api/buildings/{key}', { params }))
  }

  /** A grid's name, once asked; the code where it is none of ours. */
  async function called(code: string | null): Promise<void> {
    if (!code || names.value[code]) return
    try {
      const { name } = await answer<{ name: string }>(client.GET('/api/areas/{key}', { params: { path: { key: code } } }))
      names.value = { ...names.value, [code]: name }
    } catch {
      names.value = { ...names.value, [code]: code }
    }
  }

  /** The pin is held over a place: what saving it there would mean is asked at most every 150 ms, the last place always. */
  function hold(place: Spot): void {
    spot.value = place
    if (!timer)
      timer = window.setTimeout(() => {
        timer = 0
        void ask()
      }, PREVIEW_EVERY_MS)
  }

  async function ask(): Promise<void> {
    if (!spot.value) return
    asking?.abort()
    const mine = (asking = new AbortController())
    try {
      const query = { lon: spot.value.lon, lat: spot.value.lat, crs: spot.value.crs }
      const told = await answer<Preview>(client.GET('/api/pins/{pinned}/{key}/preview', { params: { path, query }, signal: mine.signal }))
      if (!spot.value) return
      preview.value = told
      refused.value = ''
      await Promise.all([called(told.grid_now), called(told.grid_then)])
    } catch (thrown) {
      if (isAbort(thrown)) return
      preview.value = null
      refused.value = asProblem(thrown).detail
    }
  }

  function letGo(): void {
    asking?.abort()
    spot.value = null
    preview.value = null
    refused.value = ''
  }

  /** Runs one change; on a conflict the newest is read and both are shown: my place is kept. Answers whether it was done. */
  async function attempt(act: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    refused.value = ''
    met.value = null
    try {
      await act()
      return true
    } catch (thrown) {
      const found = asProblem(thrown)
      if (found.status === 412) await meet(found)
      else refused.value = found.detail
      return false
    } finally {
      busy.value = false
    }
  }

  async function meet(found: Problem): Promise<void> {
    const was = stands.value
    await load()
    met.value = { problem: found, was }
    await ask() // how far mine is from theirs, and whose grid it would be
  }

  function takeTheirs(): void {
    met.value = null
    letGo()
    free.value = free.value && pin.value?.locked === false
  }

  async function put(locked: boolean): Promise<void> {
    if (pin.value!.locked === locked) return
    const given = { params: { path, header: tag() }, body: { locked } }
    pin.value = { ...pin.value, ...(await answer<Pin>(client.PUT('/api/pins/{pinned}/{key}/lock', given))) }
  }

  async function unlock(): Promise<void> {
    await put(false)
    free.value = true
  }

  async function lock(): Promise<void> {
    letGo()
    await put(true)
    free.value = false
  }

  async function save(): Promise<void> {
    const { lon, lat, crs } = spot.value!
    await put(false) // whoever moved it meanwhile has locked it again
    pin.value = await answer<Pin>(client.PUT('/api/pins/{pinned}/{key}', { params: { path, header: tag() }, body: { lon, lat, crs } }))
    await lock()
    await load()
  }

  async function undo(): Promise<void> {
    await put(false)
    pin.value = await answer<Pin>(client.POST('/api/pins/{pinned}/{key}/undo', { params: { path, header: tag() } }))
    await lock()
    await load()
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })
  return { pin, title, stands, at, spot, preview, names, free, busy, problem, refused, met, isMoved, load, hold, letGo, attempt, takeTheirs, unlock, lock, save, undo }
}
