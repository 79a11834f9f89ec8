// What rows of a register are called when another refers to them.
import type { Key, Page, Row } from './types'

export function titleOfRow(register: string, row: Row, page: Pick<Page, 'names' | 'places'>): string {
  const key = String(row.id ?? row.code ?? '')
  const address = page.places?.[key]?.address
  const own = String(row.name ?? row.number ?? row.code ?? key)
  if (register === 'areas') return `${own} ${String(row.code)}`
  if (['buildings', 'units', 'estates', 'premises', 'residents'].includes(register)) return [address, own].filter((part, n, all) => part && all.indexOf(part) === n).join(' ')
  return address ? `${address}${register === 'households' ? `（${own}）` : ` ${own}`}` : own
}

export function useTitles() {
  function titlesOf(register: string, page: Page): { key: Key; label: string }[] {
    return page.items.map((row) => ({ key: (register === 'areas' ? row.code : row.id) as Key, label: titleOfRow(register, row, page) }))
  }
  return { titlesOf }
}
