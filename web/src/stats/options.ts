// Figures as ECharts options. Pure: what is counted in, what is drawn out; every point carries what a click on it means.
import type { EChartsCoreOption } from 'echarts/core'
import type { Counted, Valued } from './count'
import type { Chart, Side } from './definition'
import { words } from './words'

/** What a click on a bar, slice or point means: the parts of an area, or only one value of a field. */
export interface Hit {
  area?: string
  field?: number
  value?: unknown
}

export interface Look {
  ink: string
  soft: string
  line: string
  panel: string
  series: string[]
  /** Without the movement of its coming: for pictures. */
  still?: boolean
}

const MOST_STACKED = 12
const MOST_SHOWN = 60 // bars on one screen; more can be scrolled through

interface Point {
  name: string
  /** Null: hidden. */
  value: number | null
  hit: Hit
}

interface Line {
  name: string
  points: Point[]
}

/** Names along the axis and one line of points for each series, in order. */
export interface Spread {
  names: string[]
  lines: Line[]
}

const keyOf = (values: unknown[]) => JSON.stringify(values)

/** The count of some values. What is not told is nothing, or hidden where figures are. */
function find(all: readonly Valued[], hides: boolean): (values: unknown[]) => number | null {
  const counts = new Map(all.map(({ values, count }) => [keyOf(values), count]))
  const untold = hides ? null : 0
  return (values) => (counts.has(keyOf(values)) ? counts.get(keyOf(values))! : untold)
}

/** Areas along the axis, the values of the only field as series. */
export function byArea(counted: Counted): Spread {
  const axis = counted.fields.length === 1 ? counted.axes[0]! : []
  const names = counted.areas.map(({ name }) => name)
  if (!axis.length || axis.length > MOST_STACKED) {
    const points = counted.areas.map(({ name, code, count }) => ({ name, value: count, hit: { area: code } }))
    return { names, lines: [{ name: words.total, points }] }
  }
  const count = find(counted.cells.map((cell) => ({ ...cell, values: [cell.area_code, ...cell.values] })), !!counted.hidden_below)
  const lines = axis.map(({ value, label }) => ({
    name: label,
    points: counted.areas.map(({ name, code }) => ({ name, value: count([code, value]), hit: { area: code } })),
  }))
  return { names, lines }
}

/** The first field's values along the axis, the second's as series, over all areas. */
export function byValue(counted: Counted): Spread {
  const [first = [], second] = counted.axes
  const count = find(counted.values, !!counted.hidden_below)
  const names = first.map(({ label }) => label)
  if (!second) {
    const points = first.map(({ value, label }) => ({ name: label, value: count([value]), hit: { field: 0, value } }))
    return { names, lines: [{ name: counted.title, points }] }
  }
  const lines = second.map(({ value: other, label }) => ({
    name: label,
    points: first.map((one) => ({ name: one.label, value: count([one.value, other]), hit: { field: 0, value: one.value } })),
  }))
  return { names, lines }
}

export function spreadOf(counted: Counted, side: Side): Spread {
  return counted.fields.length === 2 || (counted.fields.length === 1 && side === 'values') ? byValue(counted) : byArea(counted)
}

/** The same with its title above, for pictures that leave the page. */
export function titled(option: EChartsCoreOption, title: string, look: Look): EChartsCoreOption {
  const down = (part: unknown) => (part && typeof part === 'object' ? { ...part, top: Number((part as { top?: number }).top ?? 0) + 40 } : part)
  const heading = { text: title, left: 12, top: 10, textStyle: { color: look.ink, fontSize: 18 } }
  return { ...option, animation: false, title: heading, grid: down(option.grid), legend: down(option.legend) }
}

export function optionOf(counted: Counted, chart: Chart, side: Side, look: Look, title: string): EChartsCoreOption {
  const base = {
    animation: !look.still,
    backgroundColor: look.panel,
    color: look.series,
    textStyle: { fontFamily: 'inherit', color: look.ink, fontSize: 14 },
    aria: { enabled: true, label: { description: title }, decal: { show: chart !== 'trend' } },
    tooltip: { trigger: chart === 'pie' ? 'item' : 'axis', axisPointer: { type: chart === 'trend' ? 'line' : 'shadow' }, confine: true, valueFormatter: said },
  }
  if (chart === 'pie') return { ...base, ...pie(counted, look) }
  if (chart === 'pyramid') return { ...base, ...pyramid(counted, look) }
  return { ...base, ...bars(chart === 'trend' ? byValue(counted) : spreadOf(counted, side), chart === 'trend', look) }

  function said(value: unknown): string {
    return value === null || value === undefined ? words.fewer(String(counted.hidden_below ?? '')) : Math.abs(Number(value)).toLocaleString()
  }
}

function axisLook(look: Look) {
  return { axisLabel: { color: look.ink, fontSize: 14 }, axisLine: { lineStyle: { color: look.line } }, splitLine: { lineStyle: { color: look.line } } }
}

function legend(look: Look) {
  return { type: 'scroll', top: 6, left: 12, right: 12, itemGap: 22, textStyle: { color: look.ink, fontSize: 14 }, itemHeight: 16 }
}

function bars({ names, lines }: Spread, asLine: boolean, look: Look) {
  const many = names.length > MOST_SHOWN
  const alone = lines.length === 1
  return {
    grid: { left: 12, right: 24, top: alone ? 36 : 52, bottom: many ? 56 : 12, containLabel: true },
    ...(alone ? {} : { legend: legend(look) }),
    ...(many ? { dataZoom: [{ type: 'slider', startValue: 0, endValue: MOST_SHOWN, height: 28, bottom: 10 }] } : {}),
    xAxis: { type: 'category', data: names, ...axisLook(look), axisLabel: { color: look.ink, fontSize: 14, interval: 'auto', hideOverlap: true, rotate: names.length > 12 ? 40 : 0, width: 112, overflow: 'truncate' } },
    yAxis: { type: 'value', minInterval: 1, ...axisLook(look) },
    series: lines.map(({ name, points }) => ({
      name,
      type: asLine ? 'line' : 'bar',
      stack: asLine ? undefined : 'all',
      barMaxWidth: 56,
      symbolSize: 9,
      data: points.map(({ value, hit }) => ({ value, hit })),
      label: { show: alone && names.length <= 25, position: 'top', color: look.ink, fontSize: 14 },
      cursor: 'pointer',
    })),
  }
}

function pie(counted: Counted, look: Look) {
  const { lines } = counted.fields.length ? byValue(counted) : byArea(counted)
  const slices = lines.length > 1 ? lines.map(summed) : lines[0]!.points
  return {
    series: [
      {
        type: 'pie',
        percentPrecision: 1,
        radius: ['32%', '62%'],
        center: ['50%', '52%'],
        data: slices.filter(({ value }) => value !== 0).map(({ name, value, hit }) => ({ name, value, hit })),
        label: { color: look.ink, fontSize: 14, formatter: '{b} {c}（{d}%）' },
        itemStyle: { borderColor: look.panel, borderWidth: 2 },
      },
    ],
  }

  function summed({ name, points }: Line, at: number): Point {
    const known = points.map(({ value }) => value).filter((value) => value !== null)
    return { name, value: known.length ? known.reduce((a, b) => a + b, 0) : null, hit: { field: 1, value: counted.axes[1]![at]!.value } }
  }
}

/** Men to the left, women to the right, the youngest at the foot; who has neither sex is told in the table. */
function pyramid(counted: Counted, look: Look) {
  const { names, lines } = byValue(counted)
  const sides = lines.slice(0, 2)
  const most = Math.max(1, ...sides.flatMap(({ points }) => points.map(({ value }) => value ?? 0)))
  return {
    grid: { left: 12, right: 24, top: 52, bottom: 12, containLabel: true },
    legend: legend(look),
    xAxis: { type: 'value', min: -most, max: most, ...axisLook(look), axisLabel: { color: look.ink, fontSize: 14, formatter: (n: number) => Math.abs(Math.round(n)).toLocaleString() } },
    yAxis: { type: 'category', data: names, ...axisLook(look), axisTick: { show: false } },
    series: sides.map(({ name, points }, at) => ({
      name,
      type: 'bar',
      stack: 'all',
      barCategoryGap: '12%',
      data: points.map(({ value, hit }) => ({ value: value === null ? null : at ? value : -value, hit })),
    })),
  }
}
