// What the service refused, told at the field it is about; what belongs to no shown field stands above the form.
import { computed, type Ref } from 'vue'
import { errorsByField, type Problem } from '@/api/problem'

export function useFaults(problem: Readonly<Ref<Problem | null>>, fields: readonly string[]) {
  const faults = computed(() => errorsByField(problem.value?.given ?? {}))
  const general = computed(() => {
    const named = Object.keys(faults.value)
    return named.length && named.every((field) => fields.includes(field)) ? '' : (problem.value?.detail ?? '')
  })
  return { faults, general }
}
