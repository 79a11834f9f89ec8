// Element Plus's tree of many rows knows no keyboard: its rows get names, one Tab stop, and the keys of the map's tree.
import { treeKey, type KeyRow } from '@/map/treeKeys'

const ROW = '.el-tree-node[data-key]'

const rowsOf = (list: HTMLElement) => [...list.querySelectorAll<HTMLElement>(ROW)]
const codeOf = (row: Element) => row.getAttribute('data-key') ?? ''

/** Boxes are named like their row and left out of the Tab order; the row `stop` (else the first in sight) is the way in. */
export function dressRows(list: HTMLElement, stop: string): void {
  const rows = rowsOf(list)
  const way = rows.find((row) => codeOf(row) === stop) ?? rows[0]
  for (const row of rows) {
    row.tabIndex = row === way ? 0 : -1
    const box = row.querySelector<HTMLInputElement>('input[type=checkbox]')
    if (box) [box.tabIndex, box.ariaLabel] = [-1, row.querySelector('.name')?.textContent ?? '']
  }
}

/** Space ticks where there is a box; all other keys as in the map's tree. `depthOf` tells how deep an area lies. */
export function pressRow(list: HTMLElement, event: KeyboardEvent, depthOf: (code: string) => number): void {
  const rows = rowsOf(list)
  const at = rows.indexOf((event.target as Element).closest<HTMLElement>(ROW)!)
  const row = rows[at]
  if (!row) return
  const box = row.querySelector<HTMLInputElement>('input[type=checkbox]')
  const act = event.key === ' ' && box ? null : treeKey(rows.map((one) => told(one, depthOf)), at, event.key)
  if (!act && event.key !== ' ') return
  event.preventDefault()
  if (!act) box?.click()
  else if (act.kind === 'move') rows[act.to]?.focus()
  else if (act.kind === 'enter') row.click()
  else row.querySelector<HTMLElement>('.el-tree-node__expand-icon')?.click()
}

function told(row: HTMLElement, depthOf: (code: string) => number): KeyRow {
  const leaf = row.querySelector('.el-tree-node__expand-icon.is-leaf')
  return { item: { code: codeOf(row), children: leaf ? 0 : 1 }, depth: depthOf(codeOf(row)), open: row.classList.contains('is-expanded') }
}
