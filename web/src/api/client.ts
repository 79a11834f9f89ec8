// The one door to the service: adds the CSRF token, turns error answers into problems, tells when a session ended.
import createClient from 'openapi-fetch'
import { asProblem, isAbort, problemFrom } from './problem'
import type { paths } from './schema'

let csrf = ''
let onSignedOut = () => {}
let onLocked = () => {}

export function csrfToken(): string {
  return csrf
}

export function useCsrf(token: string): void {
  csrf = token
}

export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell
}

/** The service refused because this session is locked: in another tab, or before this page was opened. */
export function whenLocked(tell: () => void): void {
  onLocked = tell
}

export const client = createClient<paths>({ baseUrl: '' })

client.use({
  onRequest({ request }) {
    if (request.method !== 'GET' && csrf) request.headers.set('X-CSRF-Token', csrf)
    return request
  },
})

interface Answer {
  data?: unknown
  error?: unknown
  response: Response
}

/**
 * The body of a good answer; a thrown Problem otherwise (a cancelled request throws its AbortError).
 * Addresses, arguments and bodies are checked against the service's document; what comes back is told by T (types.ts),
 * for the document cannot say what a map style is.
 */
export async function answer<T>(call: Promise<Answer>): Promise<T> {
  let result: Answer
  try {
    result = await call
  } catch (thrown) {
    throw isAbort(thrown) ? thrown : asProblem(thrown)
  }
  if (result.response.ok) return result.data as T
  const problem = problemFrom(result.response.status, result.error)
  if (problem.status === 401) onSignedOut()
  if (problem.code === 'waits_locked') onLocked()
  throw problem
}
