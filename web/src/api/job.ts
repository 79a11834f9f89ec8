// A background job: how far it is, how it ended, and the way to stop it.
import { onScopeDispose, ref } from 'vue'
import { answer, client } from './client'
import { asProblem, type Problem } from './problem'
import type { components } from './schema'

export type Job = components['schemas']['Job']

const EVERY_MS = 1000
const RUNNING = new Set(['queued', 'running']) // else it ended: done, refused, failed or cancelled

export function useJob(ended: (job: Job) => void) {
  const job = ref<Job | null>(null)
  const problem = ref<Problem | null>(null)
  let timer = 0

  async function follow(id: number): Promise<void> {
    clearTimeout(timer)
    try {
      job.value = await answer<Job>(client.GET('/api/jobs/{job_id}', { params: { path: { job_id: id } } }))
      problem.value = null
    } catch (thrown) {
      problem.value = asProblem(thrown)
      if (problem.value.status >= 400) return
    }
    if (job.value && !RUNNING.has(job.value.status ?? '')) ended(job.value)
    else timer = window.setTimeout(() => void follow(id), EVERY_MS)
  }

  async function cancel(): Promise<void> {
    if (job.value?.id) await answer(client.POST('/api/jobs/{job_id}/cancel', { params: { path: { job_id: job.value.id } } }))
  }

  onScopeDispose(() => clearTimeout(timer))
  return { job, problem, follow, cancel }
}
