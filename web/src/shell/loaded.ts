// Something asked of the service: busy, answered or refused with its own sentence; a later question overtakes an earlier one.
import { onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'

/** Begins a question each time it is called; what comes back tells whether no later one has begun since. */
export function turns(): () => () => boolean {
  let last = 0
  return () => {
    const mine = ++last
    return () => mine === last
  }
}

/** `take` is told each answer, but none that a later question has overtaken. */
export function useAsked<T>(ask: () => Promise<T>, take: (found: T) => void = () => {}) {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  const turn = turns()

  async function load(): Promise<void> {
    const isLast = turn()
    busy.value = true
    try {
      const found = await ask()
      if (!isLast()) return
      data.value = found
      problem.value = null
      take(found)
    } catch (thrown) {
      if (isLast()) problem.value = asProblem(thrown)
    } finally {
      if (isLast()) busy.value = false
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
