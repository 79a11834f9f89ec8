// Jobs as they are listed, and what their reports say in a few lines.
export interface ListedJob {
  id: number
  kind: string
  title: string
  status: string
  done: number
  total: number | null
  message: string | null
  report: Record<string, unknown> | null
  owner: string
  own: boolean
  created_at: string
  started_at: string | null
  ended_at: string | null
}

/** How much of a job is done, 0 to 1; null while nobody knows. */
export function shareOf({ done, total }: Pick<ListedJob, 'done' | 'total'>): number | null {
  return total ? Math.min(1, done / total) : null
}

const MOST_CHARACTERS = 120

/** The plain values of a report, and how many things its lists hold; nested parts as they are, cut short. */
export function toldResult(report: Record<string, unknown> | null): [name: string, value: string][] {
  return Object.entries(report ?? {}).flatMap(([name, value]): [string, string][] => {
    if (value === null || value === '') return []
    if (Array.isArray(value)) return value.length ? [[name, String(value.length)]] : []
    const said = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return [[name, said.length > MOST_CHARACTERS ? `${said.slice(0, MOST_CHARACTERS)}…` : said]]
  })
}
