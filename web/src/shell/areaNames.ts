// What areas are called, for lists that know only their codes; asked once, page by page.
import { shallowRef } from 'vue'
import { answer, client } from '@/api/client'

interface Page {
  items: { code: string; name: string }[]
  next: string | null
}

const AT_ONCE = 1000
const names = shallowRef<Record<string, string>>({})
let asking: Promise<void> | null = null

async function ask(): Promise<void> {
  const found: Record<string, string> = {}
  for (let after: string | null = null, first = true; first || after; first = false) {
    const query: Record<string, unknown> = { limit: AT_ONCE, sort: 'code', ...(after ? { after } : {}) }
    const page: Page = await answer(client.GET('/api/areas/', { params: { query } }))
    for (const { code, name } of page.items) found[code] = name
    after = page.next
  }
  names.value = found
}

/** `nameOf(code)`: the area's name, its code until that is known; `names`: all that are known. */
export function useAreaNames() {
  asking ??= ask().catch(() => {
    asking = null // the page's own question tells what is wrong; the next page asks again
  })
  return { names, nameOf: (code: string | null): string => (code ? (names.value[code] ?? code) : '') }
}
