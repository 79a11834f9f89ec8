// The diagram's colours as the service tells them.
export type Pattern = 'none' | 'lines' | 'dots' | 'cross' | 'dashes'

export interface Look {
  trait: string
  label: string
  mark: string
  color: string
  pattern: Pattern
  priority: number
}

export interface Scheme {
  name: string
  title: string
  own: boolean
  rules: (Look & { product: Look })[]
}

export interface Colours {
  version: number
  patterns: Pattern[]
  ink: string
  schemes: Scheme[]
}

const EDITED = ['label', 'mark', 'color', 'pattern', 'priority'] as const

/** What was changed of each look, by trait; nothing for those left alone. */
export function changes(before: readonly Look[], after: readonly Look[]): Record<string, Partial<Look>> {
  const found: Record<string, Partial<Look>> = {}
  after.forEach((look, at) => {
    const old = before[at]
    const edited = EDITED.filter((name) => old?.[name] !== look[name]).map((name) => [name, look[name]])
    if (edited.length) found[look.trait] = Object.fromEntries(edited)
  })
  return found
}
