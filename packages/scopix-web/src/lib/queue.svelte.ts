import { api, Failed, take } from './api'
import { direct, whole } from './deliver'
import { sha256 } from './hash'
import type { Picked } from './drop'
import { forget, keep, kept, type UploadOptions } from './queue-db'
import { session } from './session.svelte'

export type State =
  | 'waiting'
  | 'hashing'
  | 'sending'
  | 'storing'
  | 'describing'
  | 'done'
  | 'skipped'
  | 'duplicate'
  | 'failed'
  | 'cancelled'
  | 'lost'

/** One file on its way. Plain: thousands of them change, and `queue.version` tells when to look. */
export type Entry = {
  id: string
  path: string
  size: number
  modified: number
  options: UploadOptions
  file: File | null
  hash: string
  state: State
  sent: number
  tries: number
  error: string
  fileId: string
  abort: AbortController | null
}

const AT_ONCE = 3 // of a browser's six connections to a server: the stream and the pictures need theirs
const IN_PARTS = 8 * 1024 * 1024 // bytes: smaller files are sent again from their beginning for less than two requests
const MAX_TRIES = 4
const LOOK_MS = 1500 // between two questions what became of what was sent
const SHOW_MS = 200 // between two drawings of the list
const FIRST_WAIT_MS = 1000
const MAX_WAIT_MS = 15_000
export const ENDED = new Set<State>(['done', 'skipped', 'duplicate', 'failed', 'cancelled', 'lost'])
const ACTIVE = new Set<State>(['hashing', 'sending', 'storing'])

class Queue {
  /** Changes, at most five times a second, when there is something new to show. */
  version = $state(0)
  paused = $state(false)
  offline = $state(false)
  options = $state.raw<UploadOptions>({ category: 'general', tags: [], custom: false })
  entries: Entry[] = []

  #running = 0
  #timer = 0
  #wait = 0
  #looking = 0
  #started = 0
  #sentBefore = 0
  #lock: WakeLockSentinel | null = null
  #owner = ''

  /** Finds what an earlier page was to send. */
  async restore() {
    const owner = session.holder?.id ?? ''
    // What one key was to upload is no business of the next that signs in here.
    if (this.#owner !== owner) this.#leave()
    this.#owner = owner
    for (const { id, path, size, modified, hash, options } of await kept(owner))
      if (!this.entries.some((entry) => entry.id === id))
        this.entries.push(entryOf(id, path, size, modified, options, { hash, state: 'lost' }))
    this.#show()
    this.#run()
  }

  #leave() {
    for (const entry of this.entries) entry.abort?.abort()
    this.entries = []
    this.paused = false
  }

  /** Takes files in; those that an earlier page was to send go on where they were. */
  add(picked: Picked[]) {
    const lost = new Map(this.entries.filter((one) => one.state === 'lost').map((one) => [nameOf(one), one]))
    const fresh: Entry[] = []
    for (const { file, path } of picked) {
      const known = lost.get(`${path}|${file.size}|${file.lastModified}`)
      if (known) {
        known.file = file
        known.state = 'waiting'
      } else fresh.push(entryOf(randomId(), path, file.size, file.lastModified, this.options, { file }))
    }
    this.entries = this.entries.concat(fresh)
    const tenant = this.#owner
    void keep(fresh.map(({ id, path, size, modified, hash, options }) => ({ id, tenant, path, size, modified, hash, options })))
    this.#run()
  }

  pause() {
    this.paused = true
    for (const entry of this.entries) entry.abort?.abort()
    this.#showNow()
  }

  goOn() {
    this.paused = false
    this.#run()
    this.#showNow()
  }

  cancel(entry?: Entry) {
    const given = entry ? [entry] : this.entries.filter((one) => !ENDED.has(one.state) && one.state !== 'describing')
    for (const one of given) {
      one.state = 'cancelled'
      one.abort?.abort()
    }
    void forget(given.map((one) => one.id))
    this.#run()
    this.#showNow()
  }

  retryFailed() {
    for (const entry of this.entries)
      if (entry.state === 'failed' && (entry.file || entry.fileId)) Object.assign(entry, { state: 'waiting', tries: 0, error: '', sent: 0 })
    this.#run()
    this.#showNow()
  }

  clear() {
    const gone = this.entries.filter((entry) => ENDED.has(entry.state))
    void forget(gone.map((entry) => entry.id))
    this.entries = this.entries.filter((entry) => !ENDED.has(entry.state))
    this.#showNow()
  }

  get facts() {
    void this.version
    const facts = { all: 0, uploaded: 0, failed: 0, lost: 0, active: 0, waiting: 0, bytes: 0, sent: 0, left: 0 }
    for (const { state, size, sent } of this.entries) {
      if (state === 'cancelled') continue
      if (state === 'lost') {
        facts.lost++
        continue
      }
      facts.all++
      facts.bytes += size
      if (state === 'failed') facts.failed++
      else if (state === 'waiting') facts.waiting++
      else if (ACTIVE.has(state)) facts.active++
      else facts.uploaded++
      facts.sent += state === 'failed' || ENDED.has(state) || state === 'describing' ? size : sent
    }
    const seconds = (performance.now() - this.#started) / 1000
    const rate = (facts.sent - this.#sentBefore) / Math.max(seconds, 1)
    facts.left = rate > 0 ? (facts.bytes - facts.sent) / rate : 0
    return facts
  }

  #show() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0
      this.version++
    }, SHOW_MS) as unknown as number
  }

  /** What a person did shows at once, so that no button is left that does something else by now. */
  #showNow() {
    this.version++
  }

  #run() {
    this.#show()
    if (!this.#running) {
      this.#started = performance.now()
      this.#sentBefore = this.facts.sent
    }
    while (this.#running < AT_ONCE && !this.paused && !this.offline && session.key) {
      const entry = this.entries.find((one) => one.state === 'waiting')
      if (!entry) break
      this.#running++
      void this.#one(entry).finally(() => {
        this.#running--
        this.#run()
      })
    }
    void this.#stayAwake()
  }

  async #one(entry: Entry) {
    const abort = new AbortController()
    const signal = abort.signal
    entry.abort = abort
    try {
      if (entry.fileId) return await this.#describeAgain(entry, signal)
      if (!entry.hash) {
        entry.state = 'hashing'
        this.#show()
        entry.hash = await sha256(entry.file!)
      }
      if (entry.state === 'cancelled' || signal.aborted) throw new DOMException('', 'AbortError')
      entry.state = 'sending'
      const progress = (sent: number) => {
        entry.sent = Math.min(sent, entry.size)
        if (entry.sent === entry.size && entry.state === 'sending') entry.state = 'storing'
        this.#show()
      }
      const deliver = entry.size > IN_PARTS ? direct : whole
      const result = await deliver(entry, progress, signal)
      entry.fileId = result.image_id
      entry.state = result.skipped || result.deduplicated ? 'duplicate' : result.description_queued ? 'describing' : 'skipped'
      this.#wait = 0
      void forget([entry.id])
      this.#lookSoon()
    } catch (error) {
      this.#failed(entry, error as Error)
    }
    this.#show()
  }

  /** What arrived, and could not be described, is not sent again. */
  async #describeAgain(entry: Entry, signal: AbortSignal) {
    entry.state = 'storing'
    await take(api.POST('/api/v2/files/{file_id}/describe', { params: { path: { file_id: entry.fileId } }, signal }))
    entry.state = 'describing'
    this.#lookSoon()
  }

  #failed(entry: Entry, error: Error) {
    if (entry.state === 'cancelled') return
    const known = error instanceof Failed ? error : null
    entry.sent = 0
    // A key that is gone is no fault of the file: its owner may sign in again.
    if (error.name === 'AbortError' || known?.status === 401) entry.state = 'waiting'
    else if (known?.code === 'OFFLINE') {
      // Not the file's fault, so it costs none of its tries.
      entry.state = 'waiting'
      this.#comeBack()
    } else if (known && (known.status === 429 || known.status >= 500) && ++entry.tries < MAX_TRIES) {
      entry.state = 'waiting'
      this.#comeBack()
    } else {
      entry.state = 'failed'
      entry.error = error.message
    }
  }

  /** Holds everything for a while: the server is away, or has said that it is too much. */
  #comeBack() {
    if (this.offline) return
    this.offline = true
    this.#wait = Math.min(MAX_WAIT_MS, this.#wait * 2 || FIRST_WAIT_MS)
    setTimeout(() => {
      this.offline = false
      this.#run()
    }, this.#wait)
  }

  #lookSoon() {
    this.#looking ||= setTimeout(() => {
      this.#looking = 0
      void this.#look()
        .catch(() => {})
        .then(() => this.entries.some((entry) => entry.state === 'describing') && this.#lookSoon())
    }, LOOK_MS) as unknown as number
  }

  /** Asks what became of the files that are being described. */
  async #look() {
    const waiting = this.entries.filter((entry) => entry.state === 'describing').slice(0, 100)
    if (!waiting.length) return
    const ids = waiting.map((entry) => entry.fileId)
    const found = await take(api.GET('/api/v2/files', { params: { query: { ids, limit: 100 } } }))
    const byId = new Map(found.items.map((file) => [file.id, file]))
    for (const entry of waiting) {
      const file = byId.get(entry.fileId)
      if (!file || file.description_status === 'completed') entry.state = 'done'
      else if (file.description_status === 'skipped') entry.state = 'skipped'
      else if (file.description_status === 'failed') {
        entry.state = 'failed'
        entry.error = file.description_error ?? ''
      }
    }
    this.#show()
  }

  async #stayAwake() {
    const busy = this.#running > 0
    if (busy && !this.#lock) this.#lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
    else if (!busy && this.#lock) {
      void this.#lock.release()
      this.#lock = null
    }
  }
}

function entryOf(
  id: string,
  path: string,
  size: number,
  modified: number,
  options: UploadOptions,
  more: Partial<Entry>,
): Entry {
  const state = { file: null, hash: '', state: 'waiting' as State, sent: 0, tries: 0, error: '', fileId: '', abort: null }
  return { id, path, size, modified, options, ...state, ...more }
}

const nameOf = (entry: Entry) => `${entry.path}|${entry.size}|${entry.modified}`

/** crypto.randomUUID is missing where the page is not served over https. */
const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')

export const queue = new Queue()
