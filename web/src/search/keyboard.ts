// The search box as a state machine: what is open, which row is lit, what a key does.

export interface BoxState {
  open: boolean
  /** The lit row, -1 for none. */
  active: number
}

export type Effect = 'none' | 'choose' | 'clear'

export interface Outcome {
  state: BoxState
  effect: Effect
  /** The key is ours: the page must not scroll or move the caret for it. */
  taken: boolean
}

const pass = (state: BoxState): Outcome => ({ state, effect: 'none', taken: false })
const take = (state: BoxState, effect: Effect = 'none'): Outcome => ({ state, effect, taken: true })

function move(state: BoxState, count: number, by: 1 | -1): Outcome {
  if (count === 0) return pass(state)
  if (!state.open) return take({ open: true, active: by === 1 ? 0 : count - 1 })
  return take({ open: true, active: (state.active + by + (state.active === -1 && by === -1 ? 1 : 0) + count) % count })
}

/** What `key` does when the list has `count` rows. Enter with nothing lit takes the first row. */
export function press(state: BoxState, key: string, count: number): Outcome {
  switch (key) {
    case 'ArrowDown':
      return move(state, count, 1)
    case 'ArrowUp':
      return move(state, count, -1)
    case 'Enter':
      if (!state.open || count === 0) return pass(state)
      return take({ open: false, active: Math.max(0, state.active) }, 'choose')
    case 'Escape':
      return state.open ? take({ open: false, active: -1 }) : take(state, 'clear')
    case 'Tab':
      return pass({ open: false, active: -1 })
    default:
      return pass(state)
  }
}

export interface Part {
  text: string
  hit: boolean
}

/** A title cut into hit and other parts, so that the page can mark what was typed. */
export function marked(title: string, query: string): Part[] {
  const wanted = query.trim().toLowerCase()
  const at = wanted ? title.toLowerCase().indexOf(wanted) : -1
  if (at < 0) return [{ text: title, hit: false }]
  const end = at + wanted.length
  return [
    { text: title.slice(0, at), hit: false },
    { text: title.slice(at, end), hit: true },
    { text: title.slice(end), hit: false },
  ].filter(({ text }) => text !== '')
}
