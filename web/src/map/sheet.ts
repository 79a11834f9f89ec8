// The map as a printed sheet: what the service is asked for, its preview (a picture of the very PDF), and the PDF itself.
import { onScopeDispose, ref, watch } from 'vue'
import { download } from '@/api/download'
import { asProblem, isAbort, problemFrom, type Problem } from '@/api/problem'
import type { Bounds, Layer } from '@/api/types'
import type { Class } from './classes'
import { themeText, type ThemeWish } from './theme'

/** A thematic map as it is seen: what is counted below which area, and the classes on the screen. */
export interface SheetTheme {
  wish: ThemeWish
  area: string | null
  classes: readonly Class[]
}

export interface SheetWish {
  area: string
  title: string
  paper: string
  orientation: string
  /** Denominator of a fixed scale; 0 lets the area fill the sheet. */
  scale: number
  /** An atlas: an overview, then a page for each grid. */
  each: boolean
  layers: readonly string[]
  /** Only this part, as the screen shows it. */
  bounds?: Bounds | null
  day?: string | null
  theme?: SheetTheme | null
}

export const PAPERS = ['a4', 'a3', 'a2', 'a1', 'a0', '8k'] as const
export const SCALES = [500, 1000, 2000, 2500, 5000, 10_000, 25_000, 50_000] as const
const PRINTED = ['fill', 'line', 'circle', 'symbol']
const PAUSE_MS = 400

export function isPrintable(layer: Layer): boolean {
  return layer.style.some(({ type }) => PRINTED.includes(type))
}

export function sheetPath(wish: SheetWish): string {
  const { area, title, paper, orientation, scale, each, layers, bounds, day, theme } = wish
  const query = new URLSearchParams({ area_code: area, layers: layers.join(','), paper, orientation })
  const told = {
    title: title.trim(),
    scale: scale ? String(scale) : '',
    each: each ? 'true' : '',
    bbox: bounds ? bounds.map((degrees) => degrees.toFixed(7)).join(',') : '',
    at: day ?? '',
    theme: theme ? themeText(theme.wish) : '',
    theme_area: theme?.area ?? '',
    classes: theme ? theme.classes.map(({ from, to, color }) => `${from}~${to}~${color.slice(1)}`).join(',') : '',
  }
  for (const [name, value] of Object.entries(told)) if (value) query.set(name, value)
  return `/api/boards/sheet?${query}`
}

/** Keeps the preview of one page up with the wish; nothing is asked while there is none. */
export function useSheet(wish: () => SheetWish | null) {
  const picture = ref('')
  const page = ref(1)
  const pages = ref(1)
  const problem = ref<Problem | null>(null)
  const busy = ref(false)
  const saving = ref(false)
  let running: AbortController | null = null
  let timer = 0

  watch(wish, () => ((page.value = 1), later()), { deep: true, immediate: true })
  watch(page, later)
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
    URL.revokeObjectURL(picture.value)
  })

  function later(): void {
    clearTimeout(timer)
    timer = window.setTimeout(() => void draw(), PAUSE_MS)
  }

  async function draw(): Promise<void> {
    running?.abort()
    const asked = wish()
    if (!asked) return
    const mine = (running = new AbortController())
    busy.value = true
    try {
      const response = await fetch(`${sheetPath(asked)}&format=png&pixels=1100&page=${page.value}`, { signal: mine.signal })
      if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null))
      const made = URL.createObjectURL(await response.blob())
      URL.revokeObjectURL(picture.value)
      picture.value = made
      pages.value = Number(response.headers.get('X-Pages') ?? 1)
      problem.value = null
    } catch (thrown) {
      if (isAbort(thrown)) return
      problem.value = asProblem(thrown)
    }
    if (running === mine) busy.value = false
  }

  /** The PDF as a file; a refusal takes the preview's place. */
  async function save(): Promise<void> {
    const asked = wish()
    if (!asked) return
    saving.value = true
    try {
      await download(sheetPath(asked))
    } catch (thrown) {
      problem.value = asProblem(thrown)
    }
    saving.value = false
  }

  return { picture, page, pages, problem, busy, saving, draw, save }
}
