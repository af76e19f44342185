import { session } from './session.svelte'

const FIRST_WAIT_MS = 1000
const MAX_WAIT_MS = 30_000

export type Told = { total_count: number; unfinished: number; changed: string[]; edited?: boolean }

/**
 * Follows what happens to all files, until `signal` is aborted, over every break of the connection. Only while this tab
 * is in sight: a browser keeps six connections to a server, and hidden tabs would take them all.
 */
export async function follow(tell: (told: Told) => void, signal: AbortSignal) {
  let wait = FIRST_WAIT_MS
  while (!signal.aborted && session.key) {
    await inSight()
    const broken = new AbortController()
    const hide = () => document.hidden && broken.abort()
    const leave = () => broken.abort()
    document.addEventListener('visibilitychange', hide)
    signal.addEventListener('abort', leave)
    try {
      const headers = { Authorization: `Bearer ${session.key}` }
      const response = await fetch('/api/v2/files/changes', { headers, signal: broken.signal, cache: 'no-store' })
      if (!response.ok || !response.body) throw new Error(response.statusText)
      wait = FIRST_WAIT_MS
      await read(response.body.pipeThrough(new TextDecoderStream()).getReader(), tell)
    } catch {
      // Whatever broke it, the next attempt tells whether it lasts.
    }
    document.removeEventListener('visibilitychange', hide)
    signal.removeEventListener('abort', leave)
    if (!document.hidden && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(MAX_WAIT_MS, wait * 2)
  }
}

async function read(reader: ReadableStreamDefaultReader<string>, tell: (told: Told) => void) {
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '))
      if (data) tell(JSON.parse(data.slice('data: '.length)) as Told)
    }
  }
}

function inSight() {
  return new Promise<void>((resolve) => {
    const look = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    look()
  })
}
