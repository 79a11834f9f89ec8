// The phone page's one state: who I am, what is recorded, what waits; it outlives reloads, flight mode and a dead service.
import { computed, onScopeDispose, ref, shallowRef, toRaw } from 'vue'
import { dayOf, momentOf } from '@/moments'
import { noteInput } from '@/session/idle'
import { useSession } from '@/session/session'
import { useKnown } from './known'
import { record, type Position, type Trouble } from './recorder'
import { hasMoved, waitAfter, walkOf, type Counts, type Entry, type Fix, type Kind } from './records'
import { sendAll, sendFixes } from './sender'
import { openStore, type Store } from './store'

export interface Me {
  id: number
  name: string
  username: string
}

export type Reach = 'unknown' | 'online' | 'offline' | 'signed-out'

const EVERY_MS = 15_000

export function usePhone() {
  const session = useSession()
  const me = shallowRef<Me | null>(null)
  const ready = ref(false)
  const reach = ref<Reach>('unknown')
  const recordingSince = ref<number | null>(null)
  const trouble = ref<Trouble | 'another'>('none')
  const fixes = shallowRef<Fix[]>([])
  const counts = shallowRef<Counts>({ waiting: 0, sent: 0, refused: 0 })
  const refused = shallowRef<Fix[]>([])
  const entries = shallowRef<Entry[]>([])
  const sending = ref(false)
  const lastSent = ref<number | null>(null)
  const othersWaiting = ref(0)
  const tight = ref(false)
  const walk = computed(() => walkOf(fixes.value))
  const waiting = computed(() => counts.value.waiting + entries.value.filter(({ state }) => state === 'waiting').length)

  let store: Store
  let phone = ''
  let stopRecorder = () => {}
  let free = () => {} // lets another page record
  let failures = 0
  let timer = 0
  const known = useKnown(() => store, () => me.value?.id ?? 0)

  async function begin(): Promise<void> {
    store = await openStore()
    phone = (await store.get<string>('phone')) ?? newMark()
    await store.put('phone', phone)
    me.value = (await store.get<Me>('me')) ?? null
    takeSession()
    await store.sweep(Date.now())
    if (me.value) await show()
    ready.value = true
    if (await store.get<number>(`recording-${me.value?.id}`)) await start()
    window.addEventListener('online', soon)
    window.addEventListener('offline', cutOff)
    document.addEventListener('visibilitychange', soon)
    timer = window.setTimeout(turn, 0)
  }

  /** Who is signed in now is who this page is for; without a service it is who was here last. */
  function takeSession(): void {
    const user = session.user
    if (!user || user.id === me.value?.id) return
    if (me.value) void halt()
    me.value = { id: user.id, name: user.name, username: user.username }
    void store.put('me', { ...me.value })
  }

  async function show(): Promise<void> {
    const user = me.value!.id
    fixes.value = await store.fixesSince(user, momentOf(dayOf()).getTime())
    await count()
    await known.read()
    lastSent.value = (await store.get<number>(`sent-${user}`)) ?? null
    othersWaiting.value = await store.othersWaiting(user)
  }

  async function count(): Promise<void> {
    const user = me.value!.id
    counts.value = await store.counts(user)
    refused.value = counts.value.refused ? await store.refusedFixes(user, 2_000) : []
    entries.value = await store.entries(user)
  }

  /** One turn of sending and fetching; comes again by itself, more seldom while nobody answers. */
  async function turn(): Promise<void> {
    clearTimeout(timer)
    if (navigator.locks) await navigator.locks.request('patrol-send', { ifAvailable: true }, (mine) => (mine ? talk() : undefined))
    else await talk()
    timer = window.setTimeout(turn, failures ? waitAfter(failures) : EVERY_MS)
  }

  async function talk(): Promise<void> {
    if (session.state !== 'signed-in') await session.load(true)
    reach.value = session.state === 'signed-in' ? 'online' : session.state === 'unreachable' ? 'offline' : 'signed-out'
    if (session.state === 'locked') await sendCovered()
    if (reach.value !== 'online') return void failures++
    if (session.user?.id !== me.value?.id) {
      takeSession()
      await show()
    }
    sending.value = waiting.value > 0
    const stopped = await sendAll(store, me.value!.id, phone, told).finally(() => (sending.value = false))
    await count()
    if (stopped !== 'sent') {
      reach.value = stopped === 'sign-in' ? 'signed-out' : 'offline'
      if (stopped === 'sign-in') await session.load(true)
      return void failures++
    }
    failures = 0
    if (!(await known.refresh())) reach.value = 'offline'
  }

  /** The idle lock hides what the service knows; where I am goes on being told. */
  async function sendCovered(): Promise<void> {
    if (session.user?.id === me.value?.id) await sendFixes(store, me.value!.id, phone, told)
  }

  /** The service has answered for something. */
  function told(): void {
    lastSent.value = Date.now()
    void store.put(`sent-${me.value!.id}`, lastSent.value)
    void count()
  }

  function cutOff(): void {
    reach.value = 'offline'
  }

  function soon(): void {
    if (!ready.value || document.visibilityState !== 'visible') return
    failures = 0
    void turn()
  }

  async function start(): Promise<void> {
    const user = me.value?.id
    if (!user || !(await claim())) return
    trouble.value = 'none'
    const began = (await store.get<number>(`recording-${user}`)) ?? Date.now()
    await store.put(`recording-${user}`, began)
    recordingSince.value = began
    void navigator.storage?.persist?.()
    stopRecorder = record(keep, (what) => (trouble.value = what))
  }

  /** Only one page of this phone records at a time. */
  function claim(): Promise<boolean> {
    if (!navigator.locks) return Promise.resolve(true)
    return new Promise((told) => {
      void navigator.locks.request('patrol-record', { ifAvailable: true }, (mine) => {
        if (!mine) trouble.value = 'another'
        told(mine !== null)
        return mine ? new Promise<void>((done) => (free = done)) : undefined
      })
    })
  }

  async function halt(): Promise<void> {
    stopRecorder()
    free()
    recordingSince.value = null
    if (me.value) await store.remove(`recording-${me.value.id}`)
  }

  async function stop(): Promise<void> {
    await halt()
    void turn()
  }

  async function keep(position: Position): Promise<void> {
    const fix: Fix = { ...position, user: me.value!.id, state: 'waiting' }
    if (hasMoved(fixes.value.at(-1) ?? null, fix)) noteInput() // who walks with the phone has not left it lying
    if (!(await keepSafe(() => store.keepFix(fix)))) return
    fixes.value = [...fixes.value, fix]
    counts.value = { ...counts.value, waiting: counts.value.waiting + 1 }
  }

  /** Puts something into the phone's memory; when that is full, what was sent makes room. False when nothing helps. */
  async function keepSafe(put: () => Promise<unknown>): Promise<boolean> {
    const kept = await put()
      .catch(async () => {
        await store.sweep(Infinity)
        await put()
      })
      .then(() => true)
      .catch(() => false)
    tight.value = !kept
    return kept
  }

  /** Keeps a form; it is sent at once if somebody answers. False when the phone has no room for it. */
  async function add(kind: Kind, title: string, body: Record<string, unknown>, photos: Blob[] = [], about?: string): Promise<boolean> {
    const entry: Entry = { id: newId(), user: me.value!.id, kind, at: Date.now(), title, body: toRaw(body), photos: [...photos], state: 'waiting', about }
    if (!(await keepSafe(() => store.keepEntry(entry)))) return false
    await count()
    soon()
    return true
  }

  /** What becomes of the positions that were refused. */
  async function decide(how: 'again' | 'drop'): Promise<void> {
    await store.decide(me.value!.id, how)
    await count()
    if (how === 'again') soon()
  }

  async function again(entry: Entry): Promise<void> {
    await store.keepEntry({ ...entry, state: 'waiting', why: undefined })
    await count()
    soon()
  }

  async function drop(entry: Entry): Promise<void> {
    await store.dropEntry(entry.id)
    await count()
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    stopRecorder()
    free()
    window.removeEventListener('online', soon)
    window.removeEventListener('offline', cutOff)
    document.removeEventListener('visibilitychange', soon)
  })

  return {
    me, ready, reach, recordingSince, trouble, fixes, walk, counts, refused, entries, waiting, sending, lastSent, othersWaiting, tight,
    known, begin, start, stop, soon, add, again, drop, decide,
  }
}

export type PhoneState = ReturnType<typeof usePhone>

/** This browser's own mark: its device's number with the service. */
function newMark(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36).padStart(2, '0')).join('')
}

/** crypto.randomUUID is there only under https; random bytes are everywhere. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
