// Entries of the audit log, line by line as they were and as they are.
export interface Entry {
  id: number
  at: string
  actor: string
  action: string
  target: string
  key: string | null
  area_code: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  purpose: string | null
  request_id: string | null
}

export interface Line {
  name: string
  before: string
  after: string
}

const said = (value: unknown) => (value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))

export function lines({ before, after }: Pick<Entry, 'before' | 'after'>): Line[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return names.map((name) => ({ name, before: said(before?.[name]), after: said(after?.[name]) }))
}

/** What was really asked: no empty fields, no blanks at the ends. */
export function filled<T extends Record<string, string>>(asked: T): Record<string, string> {
  return Object.fromEntries(Object.entries(asked).flatMap(([name, value]) => (value.trim() ? [[name, value.trim()]] : [])))
}
