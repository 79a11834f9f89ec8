// Files the service writes (sheets, PDF, GeoJSON): asked with the session, saved under the name the service gave.
import { csrfToken } from './client'
import { asProblem, isAbort, problemFrom } from './problem'

/** Saves the answer as a file; throws the Problem the service answered instead. */
export async function download(path: string, body?: unknown, signal?: AbortSignal): Promise<void> {
  let response: Response
  try {
    response = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken() },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    })
  } catch (thrown) {
    throw isAbort(thrown) ? thrown : asProblem(thrown)
  }
  if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null))
  save(await response.blob(), nameIn(response.headers.get('Content-Disposition')) ?? path.split('/').pop() ?? 'file')
}

export function save(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** The name in a Content-Disposition header, the UTF-8 form first (RFC 6266). */
export function nameIn(header: string | null): string | null {
  const encoded = header?.match(/filename\*=UTF-8''([^;]+)/i)?.[1]
  if (encoded) return decodeURIComponent(encoded)
  return header?.match(/filename="?([^";]+)"?/i)?.[1] ?? null
}
