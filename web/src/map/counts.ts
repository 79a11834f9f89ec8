// How many features each shown layer has in the area one is in; asked again when area, day or layers change.
import { ref } from 'vue'
import { answer, client } from '@/api/client'
import { isAbort } from '@/api/problem'

const PAUSE_MS = 300

export function useCounts() {
  const counts = ref<Readonly<Record<string, number | null>>>({})
  let timer = 0
  let running: AbortController | null = null

  function ask(names: readonly string[], area: string | null, day: string | null): void {
    clearTimeout(timer)
    running?.abort()
    if (names.length) timer = window.setTimeout(() => void fetchCounts(names, area, day), PAUSE_MS)
  }

  async function fetchCounts(names: readonly string[], area: string | null, day: string | null): Promise<void> {
    const mine = (running = new AbortController())
    const query = { names: names.join(','), ...(area ? { area } : {}), ...(day ? { at: day } : {}) }
    try {
      const told = await answer<{ counts: Record<string, number | null> }>(
        client.GET('/api/layers/counts', { params: { query }, signal: mine.signal }),
      )
      counts.value = told.counts
    } catch (thrown) {
      if (!isAbort(thrown)) counts.value = {} // the legend stands without numbers
    }
  }

  return { counts, ask }
}
