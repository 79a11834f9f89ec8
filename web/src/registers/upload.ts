// A file sent to the service with the session's token; the Problem it answers is thrown.
import { csrfToken } from '@/api/client'
import { asProblem, isAbort, problemFrom } from '@/api/problem'

export async function uploadTo<T>(path: string, file: File, signal?: AbortSignal): Promise<T> {
  const body = new FormData()
  body.append('file', file)
  let response: Response
  try {
    response = await fetch(path, { method: 'POST', headers: { 'X-CSRF-Token': csrfToken() }, body, signal })
  } catch (thrown) {
    throw isAbort(thrown) ? thrown : asProblem(thrown)
  }
  const told: unknown = await response.json().catch(() => null)
  if (!response.ok) throw problemFrom(response.status, told)
  return told as T
}
