// What an office decides about its boards, as a form: what is kept for one area, and what is being typed.
import { answer, client } from '@/api/client'

export interface Texts {
  extent: string
  heading: string
  services: string
  supervision_phone: string
  publisher: string
  phones: '' | 'full' | 'masked'
  show_counts: '' | 'yes' | 'no'
  public_page: '' | 'yes' | 'no'
  report_link: string
  template: string
  orientation: string
  theme: string
}

export interface Kept {
  /** The setting's row, where there is one. */
  setting: { id: number; version: number } | null
  areaVersion: number
  texts: Texts
}

const LOOK = ['template', 'orientation', 'theme'] as const
const TYPED = ['heading', 'services', 'supervision_phone', 'publisher', 'report_link', ...LOOK] as const
const CHOSEN = ['show_counts', 'public_page'] as const

/** A setting's row and the area's extent as the form shows them; empty is "as above". */
export function formOf(row: Record<string, unknown> | null, extent: string | null): Texts {
  const text = (name: string) => (row?.[name] as string | null) ?? ''
  const choice = (name: string) => (row?.[name] === true ? 'yes' : row?.[name] === false ? 'no' : '')
  return {
    extent: extent ?? '',
    heading: text('heading'),
    services: text('services'),
    supervision_phone: text('supervision_phone'),
    publisher: text('publisher'),
    report_link: text('report_link'),
    template: text('template'),
    orientation: text('orientation'),
    theme: text('theme'),
    phones: text('phones') as Texts['phones'],
    show_counts: choice('show_counts'),
    public_page: choice('public_page'),
  }
}

/** The form as the register takes it; without the extent, which is the area's own. */
export function rowOf(texts: Texts): Record<string, unknown> {
  const typed = TYPED.map((name) => [name, texts[name].trim() || null])
  const chosen = CHOSEN.map((name) => [name, texts[name] === '' ? null : texts[name] === 'yes'])
  return { ...Object.fromEntries([...typed, ...chosen]), phones: texts.phones || null }
}

/** What of the form differs from what is kept, for the preview: what is untouched goes on coming from above. */
export function changedTexts(texts: Texts, kept: Texts): Record<string, unknown> {
  const row: Record<string, unknown> = { ...rowOf(texts), extent: texts.extent.trim() || null }
  for (const name of ['report_link', ...LOOK]) delete row[name] // the public page's; the look is asked beside the texts
  return Object.fromEntries(Object.entries(row).filter(([name]) => texts[name as keyof Texts] !== kept[name as keyof Texts]))
}

/** Template, orientation and colours that were chosen and not yet kept, as the preview asks for them. */
export function changedLook(texts: Texts, kept: Texts): Partial<Record<(typeof LOOK)[number], string>> {
  return Object.fromEntries(LOOK.filter((name) => texts[name] && texts[name] !== kept[name]).map((name) => [name, texts[name]]))
}

/** What was typed on while the texts were being kept. */
export function typedSince(sent: Texts, now: Texts): Partial<Texts> {
  return Object.fromEntries(Object.entries(now).filter(([name, text]) => text !== sent[name as keyof Texts]))
}

export async function readKept(forArea: string, ofArea: string): Promise<Kept> {
  const [page, area] = await Promise.all([
    answer<{ items: Record<string, unknown>[] }>(client.GET('/api/board-settings/', { params: { query: { area_code: forArea, sort: 'area_code', limit: 1 } } })),
    answer<{ extent: string | null; version: number }>(client.GET('/api/areas/{key}', { params: { path: { key: ofArea } } })),
  ])
  const row = page.items.find((one) => one.area_code === forArea) ?? null
  const setting = row && { id: row.id as number, version: row.version as number }
  return { setting, areaVersion: area.version, texts: formOf(row, area.extent) }
}

/** Keeps what changed: the office's settings and the area's extent. */
export async function keepTexts(forArea: string, ofArea: string, texts: Texts, kept: Kept): Promise<void> {
  const row = rowOf(texts)
  if (JSON.stringify(row) !== JSON.stringify(rowOf(kept.texts))) {
    if (kept.setting) {
      const params = { path: { key: kept.setting.id }, header: { 'If-Match': `"${kept.setting.version}"` } }
      await answer(client.PATCH('/api/board-settings/{key}', { params, body: row as never }))
    } else {
      await answer(client.POST('/api/board-settings/', { body: { ...row, area_code: forArea } as never }))
    }
  }
  if (texts.extent !== kept.texts.extent) {
    const params = { path: { key: ofArea }, header: { 'If-Match': `"${kept.areaVersion}"` } }
    await answer(client.PATCH('/api/areas/{key}', { params, body: { extent: texts.extent.trim() || null } as never }))
  }
}
