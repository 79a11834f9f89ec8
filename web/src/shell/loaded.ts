// Something asked of the service: busy, answered or refused with its own sentence; a later question overtakes an earlier one.
import { onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'

export function useAsked<T>(ask: () => Promise<T>) {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  let turn = 0

  async function load(): Promise<void> {
    const mine = ++turn
    busy.value = true
    try {
      const found = await ask()
      if (mine !== turn) return
      data.value = found
      problem.value = null
    } catch (thrown) {
      if (mine === turn) problem.value = asProblem(thrown)
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  return { data, problem, busy, load }
}

/** Data of one page: asked when it opens, and again for another key. */
export function useLoaded<T>(ask: () => Promise<T>, key?: Ref<unknown>) {
  const asked = useAsked(ask)
  onMounted(() => void asked.load())
  if (key) watch(key, asked.load)
  return asked
}
