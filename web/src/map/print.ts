// A printed sheet of the map: what the service is asked for, and which layers can be printed.
import type { Layer } from '@/api/types'

export interface SheetWish {
  area: string
  title: string
  paper: string
  orientation: 'landscape' | 'portrait'
  /** Denominator of a fixed scale; nothing lets the area fill the sheet. */
  scale: number | null
  layers: readonly string[]
}

export const PAPERS = ['a4', 'a3', 'a2', 'a1', 'a0', '8k'] as const
export const SCALES = [500, 1000, 2000, 2500, 5000, 10_000, 25_000, 50_000] as const
const PRINTED = ['fill', 'line', 'circle', 'symbol']

export function isPrintable(layer: Layer): boolean {
  return layer.style.some(({ type }) => PRINTED.includes(type))
}

export function sheetPath({ area, title, paper, orientation, scale, layers }: SheetWish, form: 'pdf' | 'png'): string {
  const query = new URLSearchParams({ area_code: area, layers: layers.join(','), paper, orientation })
  if (title.trim()) query.set('title', title.trim())
  if (scale) query.set('scale', String(scale))
  if (form === 'png') query.set('format', 'png')
  return `/api/boards/sheet?${query}`
}
