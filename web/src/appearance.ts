// How the console looks to this person on this computer: light or dark, usual or large text. Kept in the browser.
import { ref, watchEffect } from 'vue'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const SIZES = ['usual', 'large'] as const
export type TextSize = (typeof SIZES)[number]

type Store = Pick<Storage, 'getItem'>

/** A kept choice, or the first of the known ones. */
export function keptChoice<T extends string>(store: Store, name: string, known: readonly T[]): T {
  const kept = store.getItem(name)
  return known.find((each) => each === kept) ?? known[0]!
}

/** Whether the page is dark, when the system wants it so or not. */
export function isDark(theme: Theme, systemIsDark: boolean): boolean {
  return theme === 'dark' || (theme === 'system' && systemIsDark)
}

export const theme = ref<Theme>('system')
export const textSize = ref<TextSize>('usual')
export const dark = ref(false)

/** Applies the kept choices now and whenever they or the system's wish change. Call once, before the first page. */
export function followChoices(root: HTMLElement = document.documentElement): void {
  theme.value = keptChoice(localStorage, 'theme', THEMES)
  textSize.value = keptChoice(localStorage, 'text-size', SIZES)
  const system = matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(system.matches)
  system.addEventListener('change', ({ matches }) => (systemIsDark.value = matches))
  watchEffect(() => {
    dark.value = isDark(theme.value, systemIsDark.value)
    root.classList.toggle('dark', dark.value)
    root.classList.toggle('large', textSize.value === 'large')
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', dark.value ? '#1b232e' : '#ffffff')
    localStorage.setItem('theme', theme.value)
    localStorage.setItem('text-size', textSize.value)
  })
}
