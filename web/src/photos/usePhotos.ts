// A batch of photos: opened, matched by their names, sent one by one; it can be stopped and gone on with.
import { computed, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort } from '@/api/problem'
import { uploadTo } from '@/registers/upload'
import { baseName, counted, isPhoto, isReady, MOST, settled, type Candidate, type Line } from './batch'
import { words } from './words'
import { canUnpack, LockedZip, openZip } from './zip'

export function usePhotos() {
  const lines = ref<Line[]>([])
  const problem = ref('')
  const doing = ref<'' | 'opening' | 'matching' | 'sending'>('')
  const counts = computed(() => counted(lines.value))
  const running = shallowRef<AbortController | null>(null)
  let last = 0

  async function add(files: readonly File[]): Promise<void> {
    problem.value = ''
    doing.value = 'opening'
    try {
      const found = (await Promise.all(files.map(opened))).flat()
      if (!found.length && !problem.value) problem.value = words.batch.none
      else if (lines.value.length + found.length > MOST) problem.value = words.batch.many(MOST)
      else await match(found)
    } catch (thrown) {
      problem.value = asProblem(thrown).detail
    }
    doing.value = ''
  }

  async function opened(file: File): Promise<Line[]> {
    if (!/\.zip$/i.test(file.name)) return isPhoto(file.name) ? [lineOf(file.name, async () => file)] : []
    if (!canUnpack()) {
      problem.value = words.batch.old(file.name)
      return []
    }
    try {
      return (await openZip(file)).filter(({ name }) => isPhoto(name)).map(({ name, read }) => lineOf(name, read))
    } catch (thrown) {
      problem.value = thrown instanceof LockedZip ? words.batch.locked(file.name) : words.batch.notZip(file.name)
      return []
    }
  }

  const lineOf = (path: string, read: () => Promise<Blob>): Line => ({
    id: ++last, name: baseName(path), read, candidates: [], chosen: null, state: 'waiting', problem: '',
  })

  async function match(found: Line[]): Promise<void> {
    doing.value = 'matching'
    const body = { names: found.map(({ name }) => name) }
    const told = await answer<{ items: { file: string; candidates: Candidate[] }[] }>(client.POST('/api/photos/match', { body }))
    lines.value = [...lines.value, ...settled(found, told.items)]
  }

  /** Those that have somebody and are not kept yet, one after the other. */
  async function send(): Promise<void> {
    const mine = (running.value = new AbortController())
    doing.value = 'sending'
    for (const line of lines.value.filter(isReady)) {
      if (mine.signal.aborted) break
      await sendOne(line, mine.signal)
    }
    doing.value = ''
  }

  async function sendOne(line: Line, signal: AbortSignal): Promise<void> {
    line.state = 'sending'
    line.problem = ''
    try {
      const { kind, key } = line.chosen!
      const file = new File([await line.read()], line.name)
      await uploadTo(`/api/photos/${kind}/${key}`, file, signal)
      line.state = 'kept'
    } catch (thrown) {
      line.state = isAbort(thrown) ? 'waiting' : 'refused'
      line.problem = isAbort(thrown) ? '' : asProblem(thrown).detail
    }
  }

  const stop = () => running.value?.abort()
  const clear = () => ((lines.value = []), (problem.value = ''))

  return { lines, problem, doing, counts, add, send, stop, clear }
}
