import { follow, type Told } from './events'

type Listener = (told: Told, before: Told | null) => void

const listeners = new Set<Listener>()
let stop: AbortController | null = null
let before: Told | null = null

/** Hears of what happens to the files, over the one stream of this tab, until the function it returns is called. */
export function listen(listener: Listener) {
  listeners.add(listener)
  if (!stop) {
    stop = new AbortController()
    before = null
    void follow((told) => {
      for (const one of listeners) one(told, before)
      before = told
    }, stop.signal)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size) return
    stop?.abort()
    stop = null
  }
}
