// The page's colours for what is drawn by others: ECharts and the map take values, not CSS variables.
import type { Look } from './options'

const of = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export function chartLook(): Look {
  const series = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => of(`--chart-${n}`))
  return { ink: of('--ink'), soft: of('--ink-soft'), line: of('--line'), panel: of('--panel'), series, still: matchMedia('(prefers-reduced-motion: reduce)').matches }
}

export function mapLook() {
  const classes = [1, 2, 3, 4, 5].map((n) => of(`--class-${n}`))
  return { classes, none: of('--class-none'), ink: of('--ink'), panel: of('--panel'), font: of('--font') }
}
