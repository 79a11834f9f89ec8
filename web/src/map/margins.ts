// How much of the window is covered, so that what we fly to ends up in the free part.
import type { Margins } from './owner'

const EDGE = 40
const CARD = 400
const PANEL = 380
const NARROW = 640

export function marginsFor(width: number, height: number, open: { card: boolean; panel: boolean }): Margins {
  const even = { top: EDGE, right: EDGE, bottom: EDGE, left: EDGE }
  if (width <= NARROW) return open.card || open.panel ? { ...even, bottom: Math.round(height * 0.58) } : even
  const left = open.card ? CARD : EDGE
  const right = open.panel ? PANEL : EDGE
  // A window too small for both keeps a visible middle rather than an exact one.
  return left + right > width - 200 ? even : { ...even, left, right }
}
