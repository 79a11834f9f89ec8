// What a key does in the tree of areas (WAI-ARIA tree pattern): moves, opens, closes, enters.

/** What a row tells of itself. */
export interface KeyRow {
  item: { code: string; name: string; children: number }
  /** 1 for the topmost. */
  depth: number
  open: boolean
}

export type TreeAct = { kind: 'move'; to: number } | { kind: 'open' | 'close' | 'enter'; code: string }

export function treeKey(rows: readonly KeyRow[], at: number, key: string): TreeAct | null {
  const row = rows[at]
  if (!row) return null
  const move = (to: number): TreeAct => ({ kind: 'move', to: Math.max(0, Math.min(rows.length - 1, to)) })
  switch (key) {
    case 'ArrowDown':
      return move(at + 1)
    case 'ArrowUp':
      return move(at - 1)
    case 'Home':
      return move(0)
    case 'End':
      return move(rows.length - 1)
    case 'ArrowRight':
      if (row.item.children === 0) return null
      return row.open ? move(at + 1) : { kind: 'open', code: row.item.code }
    case 'ArrowLeft':
      return row.open ? { kind: 'close', code: row.item.code } : parentMove(rows, at, move)
    case 'Enter':
    case ' ':
      return { kind: 'enter', code: row.item.code }
    default:
      return sought(rows, at, key, move)
  }
}

/** A letter or digit goes to the next row whose name begins with it (「3」: 第3网格). */
function sought(rows: readonly KeyRow[], at: number, key: string, move: (to: number) => TreeAct): TreeAct | null {
  if ([...key].length !== 1) return null
  const begins = ({ item }: KeyRow) => item.name.startsWith(key) || item.name.startsWith(`第${key}`)
  const after = rows.findIndex((row, index) => index > at && begins(row))
  const to = after >= 0 ? after : rows.findIndex(begins)
  return to >= 0 ? move(to) : null
}

function parentMove(rows: readonly KeyRow[], at: number, move: (to: number) => TreeAct): TreeAct | null {
  const depth = rows[at]?.depth ?? 1
  for (let index = at - 1; index >= 0; index--) if ((rows[index]?.depth ?? depth) < depth) return move(index)
  return null
}
