import { api, take, type FileDetails, type FileSummary } from './api'
import { listen } from './live'
import { filterOf, type Query } from './query'

export type Region = { text: string; x: number; y: number; width: number; height: number; confidence: number | null }

/** A file as the grid shows it. */
export type Item = {
  id: string
  name: string
  thumbnail: string | null
  medium: string | null
  status: string
  error: string | null
  image: boolean
  blur: string | null
  hits: Region[]
}

const PAGE = 100
const SETTLE_MS = 250 // changes within this are shown together
const UNREADY_MS = 1500
const IN_WORK = new Set(['pending', 'queued', 'processing'])
const isUnready = (item: Item) =>
  IN_WORK.has(item.status) || (item.image && !item.thumbnail && item.status !== 'failed')

/** One list of files: all proportions at once, the files themselves by the hundred when they come in sight. */
class Library {
  query = $state.raw<Query | null>(null)
  ratios = $state.raw(new Float32Array())
  pages = $state.raw(new Map<number, Item[]>())
  loading = $state(true)
  problem = $state('')
  /** What of the search was no condition, though it looked like one. */
  notes = $state.raw<string[]>([])
  /** How many changes are held back while something is selected. */
  news = $state(0)
  /** While something is selected the places of the list must not move. */
  held = false

  #asked = new Set<number>()
  #round = 0
  #timer = 0
  #shown: Item[] = []

  get count() {
    return this.ratios.length
  }

  async open(query: Query) {
    this.query = query
    this.loading = true
    await this.reload()
  }

  /** Loads the list again; what is shown stays until the new one is there. */
  async reload() {
    if (!this.query) return
    const round = ++this.#round
    const filter = filterOf(this.query)
    try {
      const [layout, first] = await Promise.all([
        take(api.GET('/api/v2/files/layout', { params: { query: filter } })),
        this.#load(this.query, 0),
      ])
      if (round !== this.#round) return
      this.ratios = Float32Array.from(layout.ratios, (ratio) => ratio / 100)
      this.pages = new Map([[0, first]])
      this.#asked = new Set([0])
      this.problem = ''
      this.news = 0
    } catch (error) {
      if (round === this.#round) this.problem = (error as Error).message || 'offline'
    }
    if (round === this.#round) this.loading = false
  }

  /** Something was added, removed or finished elsewhere. */
  changed() {
    if (this.held) this.news++
    else void this.reload()
  }

  at(place: number): Item | undefined {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE]
  }

  /** The place of a file among those that were loaded; -1 when it is not. */
  placeOf(id: string): number {
    for (const [page, items] of this.pages) {
      const found = items.findIndex((item) => item.id === id)
      if (found >= 0) return page * PAGE + found
    }
    return -1
  }

  /** Sees to it that the files at these places are loaded. */
  need(from: number, to: number) {
    for (let page = Math.floor(from / PAGE); page <= Math.floor(Math.min(to, this.count - 1) / PAGE); page++) {
      if (this.#asked.has(page) || !this.query) continue
      this.#asked.add(page)
      const round = this.#round
      this.#load(this.query, page).then(
        (items) => round === this.#round && (this.pages = new Map(this.pages).set(page, items)),
        () => this.#asked.delete(page),
      )
    }
  }

  /** Tells which files are in sight, so that those in work are looked at again. */
  inSight(items: Item[]) {
    this.#shown = items
    clearTimeout(this.#timer)
    // Thumbnails are no news of their own, nor is what ends between two looks of the server at its list.
    if (items.some(isUnready)) this.#timer = setTimeout(() => void this.#look(), UNREADY_MS) as unknown as number
  }

  /** Follows the server until the function it returns is called: new files come in, those in sight get ready. */
  watch() {
    let timer = 0
    const leave = listen((told, before) => {
      if (!before || (told.total_count === before.total_count && !told.changed.length)) return
      // Hundreds of changes a second are shown together.
      clearTimeout(timer)
      const reload = told.edited || told.total_count !== before.total_count || this.query?.status
      timer = setTimeout(() => (reload ? this.changed() : this.#look()), SETTLE_MS) as unknown as number
    })
    return () => {
      clearTimeout(timer)
      leave()
    }
  }

  async #look() {
    const ids = this.#shown.filter(isUnready).map((item) => item.id)
    if (!ids.length) return
    const hits = this.query?.search ? ({ include: 'hits' } as const) : {}
    const query = { ids: ids.slice(0, PAGE), limit: PAGE, ...hits }
    // A server that is away is asked again with the next change.
    const found = await take(api.GET('/api/v2/files', { params: { query } })).catch(() => null)
    if (!found) return
    const fresh = new Map((found.items as (FileSummary | FileDetails)[]).map((file) => [file.id, this.#item(file)]))
    const pages = new Map(this.pages)
    for (const [page, items] of pages)
      if (items.some((item) => fresh.has(item.id)))
        pages.set(
          page,
          items.map((item) => fresh.get(item.id) ?? item),
        )
    this.pages = pages
    this.inSight(this.#shown.map((item) => fresh.get(item.id) ?? item))
  }

  async #load(query: Query, page: number): Promise<Item[]> {
    const hits = query.search ? ({ include: 'hits' } as const) : {}
    const parameters = { ...filterOf(query), limit: PAGE, offset: page * PAGE, ...hits }
    const found = await take(api.GET('/api/v2/files', { params: { query: parameters } }))
    if (query === this.query) this.notes = found.search_notes ?? []
    return (found.items as (FileSummary | FileDetails)[]).map((file) => this.#item(file))
  }

  #item(file: FileSummary | FileDetails): Item {
    return {
      id: file.id,
      name: file.title || ('filename' in file ? file.filename : file.original_filename) || file.id,
      thumbnail: file.thumbnail_url ?? null,
      medium: file.medium_url ?? null,
      status: file.description_status ?? 'pending',
      error: file.description_error ?? null,
      image: file.media_type === 'image',
      blur: file.blur_hash ?? null,
      hits: (file.hits ?? []).flatMap(({ text, bbox }) => (bbox ? [{ text, ...bbox, confidence: null }] : [])),
    }
  }

  /** The ids of the files at some places, loading what is not loaded yet. */
  async idsOf(places: Iterable<number>): Promise<string[]> {
    const wanted = [...places]
    const missing = new Set(wanted.map((place) => Math.floor(place / PAGE)).filter((page) => !this.pages.has(page)))
    for (const page of missing) {
      const items = await this.#load(this.query!, page)
      this.pages = new Map(this.pages).set(page, items)
    }
    return wanted.map((place) => this.at(place)?.id).filter((id) => id !== undefined)
  }
}

export const library = new Library()
