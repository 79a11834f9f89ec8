// The found things by kind, as the list shows them: headings between, while arrows run through all rows.
import type { SearchItem } from '@/api/types'

export interface Group {
  kind: string
  rows: { item: SearchItem; index: number }[]
}

/** In the service's order, which keeps kinds together; the index is the row's place in the whole list. */
export function groupsOf(items: readonly SearchItem[]): Group[] {
  const groups: Group[] = []
  items.forEach((item, index) => {
    const last = groups[groups.length - 1]
    if (last?.kind === item.kind) last.rows.push({ item, index })
    else groups.push({ kind: item.kind, rows: [{ item, index }] })
  })
  return groups
}
