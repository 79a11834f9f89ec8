// The phone's own memory (IndexedDB): outlives reload, flight mode and a dead service. Nothing leaves it before it was answered for.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { isOver, type Counts, type Entry, type Fix, type State } from './records'

interface Phone extends DBSchema {
  fixes: { key: [number, number]; value: Fix; indexes: { state: [number, State] } }
  entries: { key: string; value: Entry; indexes: { state: [number, State]; user: number } }
  kept: { key: string; value: unknown }
}

export type Store = ReturnType<typeof makeStore>

export async function openStore(name = 'patrol'): Promise<Store> {
  const database = await openDB<Phone>(name, 1, {
    upgrade(made) {
      made.createObjectStore('fixes', { keyPath: ['user', 'at'] }).createIndex('state', ['user', 'state'])
      const entries = made.createObjectStore('entries', { keyPath: 'id' })
      entries.createIndex('state', ['user', 'state'])
      entries.createIndex('user', 'user')
      made.createObjectStore('kept')
    },
  })
  return makeStore(database)
}

function makeStore(database: IDBPDatabase<Phone>) {
  async function counts(user: number): Promise<Counts> {
    const of = (state: State) => database.countFromIndex('fixes', 'state', [user, state])
    const [waiting, sent, refused] = await Promise.all([of('waiting'), of('sent'), of('refused')])
    return { waiting, sent, refused }
  }

  return {
    counts,
    keepFix: (fix: Fix) => database.put('fixes', fix),
    waitingFixes: (user: number, most: number) => database.getAllFromIndex('fixes', 'state', [user, 'waiting'], most),
    refusedFixes: (user: number, most: number) => database.getAllFromIndex('fixes', 'state', [user, 'refused'], most),
    /** A user's fixes from a moment on, in order of time. */
    fixesSince: (user: number, at: number) =>
      database.getAll('fixes', IDBKeyRange.bound([user, at], [user, Number.MAX_SAFE_INTEGER])),

    /** These were answered for: stored, or refused with the reason. */
    async settle(fixes: Fix[], why: ReadonlyMap<number, string>): Promise<void> {
      const change = database.transaction('fixes', 'readwrite')
      await Promise.all(
        fixes.map((fix) => {
          const reason = why.get(fix.at)
          return change.store.put(reason === undefined ? { ...fix, state: 'sent' } : { ...fix, state: 'refused', why: reason })
        }),
      )
      await change.done
    },

    /** The refused positions of a user wait again, or go. */
    async decide(user: number, how: 'again' | 'drop'): Promise<void> {
      const change = database.transaction('fixes', 'readwrite')
      for await (const at of change.store.index('state').iterate([user, 'refused']))
        if (how === 'drop') await at.delete()
        else await at.update({ ...at.value, state: 'waiting', why: undefined })
      await change.done
    },

    keepEntry: (entry: Entry) => database.put('entries', entry),
    dropEntry: (id: string) => database.delete('entries', id),
    async entries(user: number): Promise<Entry[]> {
      return (await database.getAllFromIndex('entries', 'user', user)).sort((a, b) => b.at - a.at)
    },

    /** How much of other users' waits in this phone. */
    async othersWaiting(user: number): Promise<number> {
      const fixes = (await database.getAllKeys('fixes')).filter(([owner]) => owner !== user)
      const others = [...new Set(fixes.map(([owner]) => owner))]
      const waiting = await Promise.all(others.map((owner) => database.countFromIndex('fixes', 'state', [owner, 'waiting'])))
      const entries = (await database.getAll('entries')).filter((entry) => entry.user !== user && entry.state === 'waiting')
      return waiting.reduce((sum, n) => sum + n, entries.length)
    },

    /** What was sent long ago goes. */
    async sweep(now: number): Promise<void> {
      const change = database.transaction(['fixes', 'entries'], 'readwrite')
      for (const name of ['fixes', 'entries'] as const)
        for (let at = await change.objectStore(name).openCursor(); at; at = await at.continue())
          if (isOver(at.value, now)) await at.delete()
      await change.done
    },

    get: async <T>(key: string) => (await database.get('kept', key)) as T | undefined,
    put: (key: string, value: unknown) => database.put('kept', value, key),
    remove: (key: string) => database.delete('kept', key),
  }
}
