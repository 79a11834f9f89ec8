// The areas one may draft in: those above grids within one's own scope, deepest level last.
import { answer, client } from '@/api/client'

export interface AreaRow {
  code: string
  name: string
  level: string
}

const LEVELS = ['community', 'street', 'district'] as const

export async function areasAbove(): Promise<AreaRow[]> {
  const pages = await Promise.all(
    LEVELS.map((level) => answer<{ items: AreaRow[] }>(client.GET('/api/areas/', { params: { query: { level, limit: 500, sort: 'code' } } }))),
  )
  return pages.flatMap(({ items }) => items)
}
