// Sends a filled form to the verb's address, with the version it was filled in for; tried first, done when confirmed.
import { answer, client } from '@/api/client'
import type { Preview } from './homes'
import { bodyOf, type Filled, type Subject, type Verb } from './verbs'

/** What the verb would do, as the service tells it; nothing is done. */
export const tryOut = (verb: Verb, subject: Subject, filled: Filled, signal: AbortSignal) =>
  post(verb, subject, filled, true, signal) as Promise<Preview>

export async function send(verb: Verb, subject: Subject, filled: Filled): Promise<void> {
  await post(verb, subject, filled, false)
}

function post(verb: Verb, subject: Subject, filled: Filled, dry_run: boolean, signal?: AbortSignal): Promise<unknown> {
  const body = bodyOf(verb, subject, filled) as never
  const { home, person, room } = subject
  const at = { path: { key: person?.id ?? home?.id ?? room?.id ?? 0 }, query: { dry_run } }
  const params = { ...at, header: { 'If-Match': `"${person?.version ?? home?.version ?? 0}"` } }
  switch (verb) {
    case 'move':
      return answer(client.POST('/api/households/{key}/move', { params, body, signal }))
    case 'split':
      return answer(client.POST('/api/households/{key}/split', { params, body, signal }))
    case 'join':
      return answer(client.POST('/api/households/{key}/join', { params, body, signal }))
    case 'head':
      return answer(client.POST('/api/households/{key}/head', { params, body, signal }))
    case 'leave':
      return answer(client.POST('/api/households/{key}/departure', { params, body, signal }))
    case 'birth':
      return answer(client.POST('/api/households/{key}/birth', { params: at, body, signal }))
    case 'arrival':
      return answer(client.POST('/api/households/{key}/arrival', { params: at, body, signal }))
    case 'death':
      return answer(client.POST('/api/residents/{key}/death', { params, body, signal }))
    case 'departure':
      return answer(client.POST('/api/residents/{key}/departure', { params, body, signal }))
    case 'tenants':
      return answer(client.POST('/api/rooms/{key}/tenants', { params: at, body, signal }))
  }
}
