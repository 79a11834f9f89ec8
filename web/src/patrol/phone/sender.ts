// Sends what waits, the fixes first (they prove the visits), each thing until the service has answered for it.
import { answer, client } from '@/api/client'
import { asProblem } from '@/api/problem'
import { verdict, type Entry, type Verdict } from './records'
import type { Store } from './store'

const AT_ONCE = 500
const PATIENCE_MS = 60_000
const ODD = new Set([400, 413, 422]) // something in it cannot be, the rest may

interface Taken {
  refused: { at: number; why: string }[]
}

interface TakenEntry {
  number?: string
  words?: string[] | string
}

/** Everything that waits of a user; stops at the first that nobody answers. Answers why it stopped; `told` hears of every answer. */
export async function sendAll(store: Store, user: number, phone: string, told: () => void): Promise<Verdict> {
  const stopped = await sendFixes(store, user, phone, told)
  if (stopped !== 'sent') return stopped
  for (const entry of (await store.entries(user)).reverse()) {
    if (entry.state !== 'waiting') continue
    const ended = await sendEntry(store, entry)
    if (ended === 'later' || ended === 'sign-in') return ended
    told()
  }
  return 'sent'
}

/** The positions that wait. Of a heap refused for what is in it ever smaller parts are sent: only the odd ones stay back. */
export async function sendFixes(store: Store, user: number, phone: string, told: () => void): Promise<Verdict> {
  for (let most = AT_ONCE; ; ) {
    const fixes = await store.waitingFixes(user, most)
    if (!fixes.length) return 'sent'
    const rows = fixes.map(({ user: _, state: __, why: ___, ...row }) => row)
    let why: Map<number, string>
    try {
      const taken = await answer<Taken>(client.POST('/api/phone/fixes', { body: { phone, fixes: rows }, ...patience() }))
      why = new Map(taken.refused.map((one) => [one.at, one.why]))
      most = Math.min(AT_ONCE, most * 2)
    } catch (thrown) {
      const { status, code, detail } = asProblem(thrown)
      const stopped = verdict(status, code)
      if (stopped !== 'refused') return stopped
      if (ODD.has(status) && fixes.length > 1) {
        most = Math.ceil(fixes.length / 2)
        continue
      }
      why = new Map(fixes.map(({ at }) => [at, detail]))
    }
    await store.settle(fixes, why)
    told()
  }
}

async function sendEntry(store: Store, entry: Entry): Promise<Verdict> {
  try {
    const taken = await post(entry)
    const words = typeof taken.words === 'string' ? taken.words : taken.words?.join('，')
    await store.keepEntry({ ...entry, photos: [], state: 'sent', why: undefined, told: taken.number ?? words })
    return 'sent'
  } catch (thrown) {
    const { status, code, detail } = asProblem(thrown)
    const stopped = verdict(status, code)
    if (stopped === 'refused') await store.keepEntry({ ...entry, state: 'refused', why: detail })
    return stopped
  }
}

function post(entry: Entry): Promise<TakenEntry> {
  if (entry.kind === 'answer') {
    const { check, ...body } = entry.body as { check: number; answer: string }
    const path = { check_id: check }
    return answer<TakenEntry>(client.POST('/api/phone/checks/{check_id}/answer', { params: { path }, body, ...patience() }))
  }
  const form = new FormData()
  form.set(entry.kind, JSON.stringify({ ...entry.body, client_id: entry.id }))
  entry.photos.forEach((photo, n) => form.append('photo', photo, `${entry.id}-${n + 1}.jpg`))
  const body = form as never // the form as it is; the document tells its parts
  if (entry.kind === 'visit') return answer<TakenEntry>(client.POST('/api/phone/visits', { body, ...patience() }))
  return answer<TakenEntry>(client.POST('/api/phone/reports', { body, ...patience() }))
}

function patience() {
  return { signal: AbortSignal.timeout(PATIENCE_MS) }
}
