// Pictures of boards: sent as a form, shown by their address.
import { answer, client, csrfToken } from '@/api/client'
import { asProblem, problemFrom } from '@/api/problem'

export async function sendPicture(path: string, file: File): Promise<void> {
  const body = new FormData()
  body.append('file', file)
  let response: Response
  try {
    response = await fetch(path, { method: 'PUT', headers: { 'X-CSRF-Token': csrfToken() }, body })
  } catch (thrown) {
    throw asProblem(thrown)
  }
  if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null))
}

/** Which of these people, offices or prints have a picture: only those are asked for. */
export async function keptPictures(kind: 'staff' | 'logo', keys: readonly (string | number)[]): Promise<Set<string>> {
  if (!keys.length) return new Set()
  const params = { path: { kind }, query: { keys: keys.join(',') } }
  return new Set((await answer<{ keys: string[] }>(client.GET('/api/boards/pictures/{kind}', { params }))).keys)
}

/** The address of a picture; `mark` changes when another was sent, so that the old one is not shown. */
export function pictureAddress(kind: 'staff' | 'logo' | 'hung', key: string | number, mark = 0): string {
  return `/api/boards/pictures/${kind}/${key}?v=${mark}`
}
