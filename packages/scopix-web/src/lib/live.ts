import { follow, type Told } from './events'

type Listener = (told: Told, before: Told | null) => void

const listeners = new Set<Listener>()
let stop: AbortController | null = null
let before: Told | null = null
// What a person changes is no news of the server's: it tells what comes, goes and is described.
const tabs = new BroadcastChannel('scopix-edits')
tabs.onmessage = ({ data }) => {
  if (before) tell({ ...before, changed: data as string[], edited: true })
}

/** Tells the other tabs of this browser which files a person has changed here. */
export const edited = (ids: string[]) => tabs.postMessage(ids)

function tell(told: Told) {
  for (const one of listeners) one(told, before)
  before = told
}

/** Hears of what happens to the files, over the one stream of this tab, until the function it returns is called. */
export function listen(listener: Listener) {
  listeners.add(listener)
  if (!stop) {
    stop = new AbortController()
    before = null
    void follow(tell, stop.signal)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size) return
    stop?.abort()
    stop = null
  }
}
