// How moments are shown: in the office's own time, short.
const PARTS = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false } as const
const shown = new Intl.DateTimeFormat('zh-CN', { ...PARTS, timeZone: 'Asia/Shanghai' })

/** 2026-11-22 09:05, or nothing. */
export function moment(iso: string | null | undefined): string {
  if (!iso) return ''
  return shown.format(new Date(iso)).replaceAll('/', '-')
}

/** 1.5 GB, 310 MB. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)))
  const value = count / 2 ** (10 * step)
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}
