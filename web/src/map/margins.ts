// How much of the window is covered, so that what we fly to ends up in the free part.

export interface Margins {
  top: number
  right: number
  bottom: number
  left: number
}

export const EDGE = 40
const CARD = 400
const TREE = 320
const PANEL = 400
const TOP = 80
const NARROW = 640

export function marginsFor(width: number, height: number, open: { card: boolean; tree?: boolean; panel: boolean; legend?: boolean }): Margins {
  const even = { top: TOP, right: EDGE, bottom: EDGE, left: EDGE }
  if (width <= NARROW) return open.card || open.panel || open.tree ? { ...even, bottom: Math.round(height * 0.58) } : even
  const left = open.card ? CARD : open.tree ? TREE : EDGE
  const right = open.panel || open.legend ? PANEL : EDGE
  // A window too small for both keeps a visible middle rather than an exact one.
  return left + right > width - 200 ? even : { ...even, left, right }
}

/** How far the middle of the free part lies from the middle of the window, in pixels right and down. */
export function offsetOf({ top, right, bottom, left }: Margins): [number, number] {
  return [(left - right) / 2, (top - bottom) / 2]
}
