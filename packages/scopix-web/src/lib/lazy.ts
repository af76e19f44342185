const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 10_000

/** Loads a part of the page, again and again while the server is away; a part that is loaded is kept. */
export function lazy<T>(load: () => Promise<T>, anew = (url: string): Promise<T> => import(/* @vite-ignore */ url)) {
  let loaded: Promise<T> | null = null
  return () => (loaded ??= persistently(load, anew))
}

async function persistently<T>(load: () => Promise<T>, anew: (url: string) => Promise<T>): Promise<T> {
  let attempt = load
  let wait = FIRST_WAIT_MS
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      // Browsers keep that a module could not be loaded; under another address they ask again. Their messages name it.
      const url = /https?:\/\/[^\s?]+\.js/.exec(String(error))?.[0]
      if (url) attempt = () => anew(`${url}?${tries}`)
      await new Promise((resolve) => setTimeout(resolve, wait))
      wait = Math.min(MAX_WAIT_MS, wait * 2)
    }
  }
}
