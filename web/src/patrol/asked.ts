// Something asked of the service: busy, answered or refused; a later question overtakes an earlier one.
import { ref, shallowRef } from 'vue'
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

/** 2026-11-22, in the time of this computer. */
export function isoDay(moment = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}

/** 2026-11-21T14:05, as fields for a moment want it: in the computer's own time. */
export function fieldTime(moment: Date): string {
  return `${isoDay(moment)}T${moment.toTimeString().slice(0, 5)}`
}

/** 14:05, or 11-21 14:05 where it is not today. */
export function shortTime(at: string | number | null | undefined): string {
  if (!at) return '—'
  const moment = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`
  return isoDay(moment) === isoDay() ? clock : `${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`
}
