// Moving and resizing the places of a template, in whole millimetres (halves on small papers), never off the paper.
import type { Slot } from './boards'

export type Box = Slot['box']

export function stepOf(paper: readonly [number, number]): number {
  return Math.max(...paper) < 200 ? 0.5 : 1
}

/** The box moved by dx, dy mm; it stops at the edge of the paper. */
export function moved(box: Box, dx: number, dy: number, paper: readonly [number, number]): Box {
  const [left, top, width, height] = box
  const step = stepOf(paper)
  return [within(snap(left + dx, step), 0, paper[0] - width), within(snap(top + dy, step), 0, paper[1] - height), width, height]
}

/** The box with its lower right corner moved by dx, dy mm. */
export function resized(box: Box, dx: number, dy: number, paper: readonly [number, number]): Box {
  const [left, top, width, height] = box
  const step = stepOf(paper)
  const least = 4 * step
  return [left, top, within(snap(width + dx, step), least, paper[0] - left), within(snap(height + dy, step), least, paper[1] - top)]
}

function snap(value: number, step: number): number {
  return Math.round(value / step) * step
}

function within(value: number, least: number, most: number): number {
  return Math.round(Math.min(Math.max(value, least), most) * 100) / 100
}
