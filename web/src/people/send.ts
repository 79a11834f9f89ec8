// Sends a filled form to the verb's address, with the version it was filled in for.
import { answer, client } from '@/api/client'
import { bodyOf, type Filled, type Subject, type Verb } from './verbs'

export async function send(verb: Verb, subject: Subject, filled: Filled): Promise<void> {
  const body = bodyOf(verb, subject, filled) as never
  const { home, person, room } = subject
  const at = { path: { key: person?.id ?? home?.id ?? room?.id ?? 0 } }
  const params = { ...at, header: { 'If-Match': `"${person?.version ?? home?.version ?? 0}"` } }
  switch (verb) {
    case 'move':
      return answer(client.POST('/api/households/{key}/move', { params, body }))
    case 'split':
      return answer(client.POST('/api/households/{key}/split', { params, body }))
    case 'join':
      return answer(client.POST('/api/households/{key}/join', { params, body }))
    case 'head':
      return answer(client.POST('/api/households/{key}/head', { params, body }))
    case 'leave':
      return answer(client.POST('/api/households/{key}/departure', { params, body }))
    case 'birth':
      return answer(client.POST('/api/households/{key}/birth', { params: at, body }))
    case 'arrival':
      return answer(client.POST('/api/households/{key}/arrival', { params: at, body }))
    case 'death':
      return answer(client.POST('/api/residents/{key}/death', { params, body }))
    case 'departure':
      return answer(client.POST('/api/residents/{key}/departure', { params, body }))
    case 'tenants':
      return answer(client.POST('/api/rooms/{key}/tenants', { params: at, body }))
  }
}
