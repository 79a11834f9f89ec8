// Pictures of boards: sent as a form, shown by their address.
import { csrfToken } from '@/api/client'
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

/** The address of a picture; `mark` changes when another was sent, so that the old one is not shown. */
export function pictureAddress(kind: 'staff' | 'logo' | 'hung', key: string | number, mark = 0): string {
  return `/api/boards/pictures/${kind}/${key}?v=${mark}`
}
