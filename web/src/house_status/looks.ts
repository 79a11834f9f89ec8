// How a cell looks and where the arrow keys lead: pure.
import type { StatusCell, StatusRule } from '@/api/types'
import { words } from './words'

const INK = 'rgb(31 42 55 / '
const TILES: Record<string, string> = {
  lines: `repeating-linear-gradient(135deg, ${INK}.2) 0 1.4px, transparent 1.4px 7px)`,
  dots: `radial-gradient(${INK}.28) 1px, transparent 1.3px) 0 0 / 6px 6px`,
  cross: `repeating-linear-gradient(45deg, ${INK}.12) 0 1px, transparent 1px 7px), repeating-linear-gradient(135deg, ${INK}.12) 0 1px, transparent 1px 7px)`,
  dashes: `repeating-linear-gradient(0deg, ${INK}.13) 0 1px, transparent 1px 6px)`,
}

/** The CSS background of one rule: its pattern over its colour. */
export function swatch(rule: StatusRule): string {
  const tile = TILES[rule.pattern]
  return tile ? `${tile}, ${rule.color}` : rule.color
}

/** The CSS background of a cell: one rule, or up to four stripes, the most important first. */
export function background(cell: StatusCell, rules: ReadonlyMap<string, StatusRule>): string {
  const found = cell.traits.flatMap((trait) => rules.get(trait) ?? []).slice(0, 4)
  if (found.length === 0) return 'transparent'
  if (found.length === 1) return swatch(found[0]!)
  const share = 100 / found.length
  return `linear-gradient(90deg, ${found.map(({ color }, i) => `${color} ${share * i}% ${share * (i + 1)}%`).join(', ')})`
}

/** What stands below the room's number: the shop, or the householder with the number of people. */
export function who(cell: StatusCell): string {
  if (cell.kind === 'gap') return ''
  if (cell.shops.length) return cell.shops.length > 1 ? words.house.andMoreShops(cell.shops[0]!, cell.shops.length) : cell.shops[0]!
  if (!cell.households) return ''
  return words.house.lives(cell.heads[0] ?? words.house.headless, cell.households, cell.persons)
}

/** The shops or the householders of a room, for a line of the list; a door that is not on record has neither. */
export function held(cell: StatusCell): string {
  return cell.kind === 'gap' ? '' : cell.shops.join('、') || cell.heads.join('、')
}

/** What stands beside a row of floors: 3 for 3层, but 夹层 whole. */
export const floorMark = (title: string) => title.replace(/^(负?\d+)层$/, '$1')

/** Whether a cell is shown in full: it has a trait that is switched on, and is a hit where something is searched for. */
export function isLit(cell: StatusCell, off: ReadonlySet<string>): boolean {
  if (cell.kind === 'gap') return off.size === 0
  if (cell.hit === false) return false
  return cell.traits.length === 0 || cell.traits.some((trait) => !off.has(trait))
}

const overlap = (a: number, as: number, b: number, bs: number) => a < b + bs && b < a + as

/** The place in the list of the nearest room in the direction of an arrow key; Home and End: first and last. Null: another key. */
export function neighbour(cells: readonly StatusCell[], from: number, key: string): number | null {
  if (key === 'Home') return 0
  if (key === 'End') return cells.length - 1
  const here = cells[from]
  const sideways = key === 'ArrowLeft' || key === 'ArrowRight'
  if (!here || !(sideways || key === 'ArrowUp' || key === 'ArrowDown')) return null
  let best = from
  let least = Infinity
  cells.forEach((cell, i) => {
    const inLine = sideways
      ? overlap(cell.row, cell.rows, here.row, here.rows)
      : overlap(cell.col, cell.cols, here.col, here.cols)
    const away = {
      ArrowRight: cell.col - (here.col + here.cols),
      ArrowLeft: here.col - (cell.col + cell.cols),
      ArrowDown: cell.row - (here.row + here.rows),
      ArrowUp: here.row - (cell.row + cell.rows),
    }[key]!
    if (i !== from && inLine && away >= 0 && away < least) {
      least = away
      best = i
    }
  })
  return best
}
