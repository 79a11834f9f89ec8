// A picture of the very PDF, drawn anew a moment after the last change; an older drawing still under way is dropped.
import { onScopeDispose, ref, shallowRef } from 'vue'
import { answer, client } from '@/api/client'
import { asProblem, isAbort, type Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import type { Told } from './boards'

type Asked = components['schemas']['BoardPreview']

const AFTER_MS = 350
const PIXELS = 1600 // of the longer side: still sharp when enlarged to the whole screen

export function usePreview() {
  const picture = ref('')
  const told = shallowRef<Told | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let timer = 0
  let running: AbortController | null = null

  /** Draw this board; at once, or when nothing more is typed. */
  function draw(code: string, asked: Asked, after = AFTER_MS): void {
    clearTimeout(timer)
    busy.value = true
    timer = window.setTimeout(() => void fetchIt(code, asked), after)
  }

  async function fetchIt(code: string, asked: Asked): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    try {
      const call = client.POST('/api/boards/{code}/preview', { params: { path: { code } }, body: { ...asked, pixels: PIXELS }, signal: mine.signal })
      const seen = await answer<{ picture: string; told: Told }>(call)
      picture.value = seen.picture
      told.value = seen.told
      problem.value = null
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
    }
    if (running === mine) busy.value = false
  }

  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })
  return { picture, told, problem, busy, draw }
}
