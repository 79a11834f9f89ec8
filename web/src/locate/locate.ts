// Asks who is responsible for a place; a later place makes an earlier answer worthless.
import { ref } from 'vue'
import { answer, client } from '@/api/client'
import { isAbort, type Problem } from '@/api/problem'
import type { Located } from '@/api/types'

export function useLocate() {
  const located = ref<Located | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let running: AbortController | null = null

  async function ask(lon: number, lat: number): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    busy.value = true
    located.value = null
    problem.value = null
    try {
      located.value = await answer<Located>(
        client.GET('/api/locate', { params: { query: { lon, lat } }, signal: mine.signal }),
      )
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = thrown as Problem
    }
    if (running === mine) busy.value = false
  }

  return { located, problem, busy, ask }
}
