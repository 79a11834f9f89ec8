// Data of one page: asked when it opens, asked again after a change or for another key, with the service's own sentence when that fails.
import { onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'

export function useLoaded<T>(ask: () => Promise<T>, key?: Ref<unknown>) {
  const data = shallowRef<T | null>(null)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  let last = 0

  async function load(): Promise<void> {
    const mine = ++last
    busy.value = true
    try {
      const found = await ask()
      if (mine !== last) return
      data.value = found
      problem.value = null
    } catch (thrown) {
      if (mine === last) problem.value = asProblem(thrown)
    } finally {
      if (mine === last) busy.value = false
    }
  }

  onMounted(() => void load())
  if (key) watch(key, load)
  return { data, problem, busy, load }
}
