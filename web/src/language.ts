// The language of the console, chosen once when it starts: a switch keeps the choice and loads the page anew.
export type Language = 'zh' | 'en'

/** The same words in another language: every key, every function with the same arguments. */
type Said<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : T extends readonly string[]
      ? readonly string[]
      : { [Key in keyof T]: Said<T[Key]> }

const KEPT = 'language'

export const language: Language = typeof localStorage !== 'undefined' && localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh'

export function speak(chosen: Language): void {
  localStorage.setItem(KEPT, chosen)
  location.reload()
}

/** The words of one feature; English must say all that Chinese says. */
export function inLanguage<T>(zh: T, en: Said<T>): Said<T> {
  return language === 'en' ? en : (zh as Said<T>)
}
