// Asks the service while one types: late enough to spare it, and only the last question counts.
import { ref } from 'vue'
import { answer, client } from '@/api/client'
import { isAbort, type Problem } from '@/api/problem'
import type { SearchItem } from '@/api/types'

const PAUSE_MS = 220
const LIMIT = 20
const LONGEST = 80 // the service refuses more

export function useSearch() {
  const items = ref<SearchItem[]>([])
  const asked = ref('')
  const busy = ref(false)
  const problem = ref<Problem | null>(null)
  let timer = 0
  let running: AbortController | null = null

  function stop(): void {
    clearTimeout(timer)
    running?.abort()
    running = null
    busy.value = false
  }

  function ask(text: string): void {
    stop()
    const q = text.trim()
    problem.value = null
    if (!q) {
      items.value = []
      asked.value = ''
      return
    }
    busy.value = true
    timer = window.setTimeout(() => void fetchItems(q), PAUSE_MS)
  }

  async function fetchItems(q: string): Promise<void> {
    const mine = new AbortController()
    running = mine
    try {
      const query = { q: q.slice(0, LONGEST), limit: LIMIT }
      const found = await answer<{ items: SearchItem[] }>(
        client.GET('/api/search', { params: { query }, signal: mine.signal }),
      )
      items.value = found.items
      asked.value = q
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = thrown as Problem
      items.value = []
    }
    if (running === mine) busy.value = false
  }

  return { items, asked, busy, problem, ask, stop }
}
