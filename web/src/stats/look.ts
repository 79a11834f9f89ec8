// The page's colours for what is drawn by others: ECharts and the map take values, not CSS variables.
import { dark } from '@/appearance'
import type { Look } from './options'

const of = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export function chartLook(): Look {
  const series = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => of(`--chart-${n}`))
  return { ink: of('--ink'), soft: of('--ink-soft'), line: of('--line'), panel: of('--panel'), series, still: matchMedia('(prefers-reduced-motion: reduce)').matches }
}

/** By day, whatever the page is: what leaves it is printed or pasted into a report. */
export const paperLook = () => byDay(chartLook)

/** By day as well: the map below stays light at night. */
export function mapLook() {
  return byDay(() => {
    const classes = [1, 2, 3, 4, 5].map((n) => of(`--class-${n}`))
    return { classes, none: of('--class-none'), ink: of('--ink'), panel: of('--panel'), font: of('--font') }
  })
}

/** Values of the light theme; nothing is painted between taking the dark one off and putting it on again. */
function byDay<T>(read: () => T): T {
  const { classList } = document.documentElement
  classList.remove('dark')
  try {
    return read()
  } finally {
    classList.toggle('dark', dark.value)
  }
}
