// Code tables and their entries as the service tells them.
export interface Table {
  list: string
  title: string
  entries: number
  retired: number
  own: number
  fixed: boolean
}

export interface Entry {
  list: string
  code: string
  name: string
  synonyms: string[]
  retired: boolean
  own: boolean
  source: string | null
  version: number
}

const has = (asked: string) => {
  const wanted = asked.trim().toLowerCase()
  return (...texts: string[]) => !wanted || texts.some((text) => text.toLowerCase().includes(wanted))
}

export function tablesLike(tables: readonly Table[], asked: string): Table[] {
  const fits = has(asked)
  return tables.filter(({ list, title }) => fits(list, title))
}

export function entriesLike(entries: readonly Entry[], asked: string): Entry[] {
  const fits = has(asked)
  return entries.filter(({ code, name, synonyms }) => fits(code, name, ...synonyms))
}

/** Words as typed, apart at blanks, commas and Chinese signs; each once. */
export function wordsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,，、;；]+/).filter(Boolean))]
}
