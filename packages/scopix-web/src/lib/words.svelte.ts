import { en, type Words } from '../words/en'

const LANGUAGES = { en: async () => en, de: async () => (await import('../words/de')).de }
export type Language = keyof typeof LANGUAGES

let spoken = $state.raw<Words>(en)
let language = $state.raw<Language>('en')

/** All words of the page, in the language that is spoken now. */
export const words = {
  get t() {
    return spoken
  },
  get language() {
    return language
  },
}

/** Speaks `wanted`, which is kept; without it what was kept, or the browser's first language that we know. */
export async function speak(wanted?: Language) {
  const kept = wanted ?? localStorage.getItem('language')
  const known = [kept, ...navigator.languages.map((name) => name.slice(0, 2))].find((name) => name && name in LANGUAGES)
  language = (known ?? 'en') as Language
  if (wanted) localStorage.setItem('language', wanted)
  spoken = await LANGUAGES[language]()
  document.documentElement.lang = language
}

export const number = (value: number) => new Intl.NumberFormat(language).format(value)
export const day = (value: string | null | undefined) =>
  value ? new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(value)) : '–'

export function bytes(size: number) {
  const step = Math.min(4, Math.floor(Math.log2(Math.max(1, size)) / 10))
  const shown = size / 1024 ** step
  const digits = step && shown < 10 ? 1 : 0
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(shown)} ${['B', 'KB', 'MB', 'GB', 'TB'][step]}`
}
