// Element Plus's trees know few keys or none: their rows get names, one Tab stop, and the keys of the map's tree.
import { treeKey, type KeyRow } from '@/map/treeKeys'

const ROW = '.el-tree-node[data-key]'

const LONG_LIST = '.el-tree-virtual-list' // makes only the rows in sight

/** Rows of closed branches may stay in the document, unseen. */
const rowsOf = (list: HTMLElement) => [...list.querySelectorAll<HTMLElement>(ROW)].filter((row) => row.offsetParent)
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
  if (!row || event.ctrlKey || event.altKey || event.metaKey) return
  const box = row.querySelector<HTMLInputElement>('input[type=checkbox]')
  const act = event.key === ' ' && box ? null : treeKey(rows.map((one) => told(one, depthOf)), at, event.key)
  if (!act && event.key !== ' ') return
  event.preventDefault()
  event.stopPropagation()
  if (!act) box?.click()
  else if (event.key === 'Home' || event.key === 'End') void toTheEnd(list, event.key === 'End')
  else if (act.kind === 'move') rows[act.to]?.focus()
  else if (act.kind === 'enter') row.click()
  else row.querySelector<HTMLElement>('.el-tree-node__expand-icon')?.click()
}

/** The very first or last row: a long list is scrolled there and makes its rows first. */
async function toTheEnd(list: HTMLElement, last: boolean): Promise<void> {
  const long = list.querySelector(LONG_LIST)
  if (long) {
    long.scrollTop = last ? long.scrollHeight : 0
    for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame)
  }
  rowsOf(list).at(last ? -1 : 0)?.focus()
}

function told(row: HTMLElement, depthOf: (code: string) => number): KeyRow {
  const leaf = row.querySelector('.el-tree-node__expand-icon.is-leaf')
  return { item: { code: codeOf(row), name: row.querySelector('.name, .el-tree-node__label')?.textContent?.trim() ?? '', children: leaf ? 0 : 1 }, depth: depthOf(codeOf(row)), open: row.classList.contains('is-expanded') }
}
