// What the service refused, told at the field it is about; what belongs to no shown field stands above the form.
import { computed, nextTick, watch, type Ref } from 'vue'
import { errorsByField, type Problem } from '@/api/problem'

export function useFaults(problem: Readonly<Ref<Problem | null>>, fields: readonly string[], form: string) {
  const faults = computed(() => errorsByField(problem.value?.given ?? {}))
  const general = computed(() => {
    const named = Object.keys(faults.value)
    return named.length && named.every((field) => fields.includes(field)) ? '' : (problem.value?.detail ?? '')
  })
  /** Long forms are saved from their foot: what is wrong may stand out of sight. */
  async function toFirst(): Promise<void> {
    await nextTick()
    document.querySelector(`#${form} .problem`)?.scrollIntoView({ block: 'center' })
  }
  watch(problem, (now) => now && void toFirst())
  return { faults, general, toFirst }
}
