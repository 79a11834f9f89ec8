// Settings as the service tells them.
import { words } from './words'

export interface Setting {
  name: string
  title: string
  hint: string | null
  value: unknown
  default: unknown
  said_by: 'environment' | 'here' | 'default'
  changeable: boolean
  bounds: { least: number; most: number; options: string[]; length: number } | null
  options: Record<string, string>
  variable: string
}

/** A value as people read it. */
export function shownValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return words.settings.empty
  if (typeof value === 'boolean') return value ? words.settings.yes : words.settings.no
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What is sent for what stands in the field: numbers as numbers, an empty text as none. */
export function typed({ bounds }: Pick<Setting, 'bounds'>, text: string): unknown {
  if (!bounds || bounds.options.length) return text
  if (bounds.length) return text.trim() || null
  return text.trim() === '' ? null : Number(text)
}
