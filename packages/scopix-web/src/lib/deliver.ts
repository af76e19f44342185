import type { components } from '../api'
import { api, Failed, take } from './api'
import type { Entry } from './queue.svelte'
import { send, type Progress } from './send'
import { session } from './session.svelte'

type Result = Omit<components['schemas']['UploadResponse'], 'details'> // nothing is waited for here
type Part = components['schemas']['DirectUploadPart']

const nameOf = (entry: Entry) => entry.path.slice(entry.path.lastIndexOf('/') + 1).slice(-255)
const MAX_PATH = 1024 // characters, the server's own bound
/** Where the file lies in the folder that was chosen; none for a file by itself. */
const pathOf = (entry: Entry) => (entry.path.includes('/') && entry.path.length <= MAX_PATH ? entry.path : undefined)
const target = (entry: Entry) => (entry.options.custom ? 'custom' : 'default')

/** Sends a small file in one request. Its key makes a second try safe whose first one arrived. */
export async function whole(entry: Entry, progress: Progress, signal: AbortSignal): Promise<Result> {
  const form = new FormData()
  form.set('tags', entry.options.tags.join(','))
  form.set('content_category', entry.options.category)
  form.set('skip_duplicates', 'true')
  form.set('storage_target', target(entry))
  const path = pathOf(entry)
  if (path) form.set('path', path)
  form.set('file', entry.file!, nameOf(entry))
  const headers = { Authorization: `Bearer ${session.key}`, 'Idempotency-Key': `web-${entry.id}-${entry.tries}` }
  return (await send('POST', '/api/v2/files/upload', form, headers, progress, signal)) as Result
}

/** Sends a large file in parts, of which those that have arrived, today or yesterday, are not sent again. */
export async function direct(entry: Entry, progress: Progress, signal: AbortSignal): Promise<Result> {
  const body = {
    filename: nameOf(entry),
    path: pathOf(entry),
    size_bytes: entry.size,
    checksum_sha256: entry.hash,
    resume: true,
    tags: entry.options.tags,
    content_category: entry.options.category as never,
    skip_duplicates: true,
    storage_target: target(entry) as never,
  }
  const upload = await take(api.POST('/api/v2/files/direct-uploads', { body: body as never, signal }))
  const where = { params: { path: { upload_id: upload.id } }, signal }
  const state = await take(api.GET('/api/v2/files/direct-uploads/{upload_id}', where))
  let arrived = state.received_bytes
  progress(arrived)
  for (const number of state.missing_parts ?? []) {
    const part = (upload.parts ?? []).find((one) => one.part_number === number)
    const url = part?.upload_url ?? upload.upload_url ?? (await renewed(upload.id, number)).upload_url
    const start = (number - 1) * upload.part_size_bytes
    const bytes = entry.file!.slice(start, Math.min(entry.size, start + upload.part_size_bytes))
    const headers = upload.upload_headers ?? {}
    const tell = (sent: number) => progress(arrived + sent)
    try {
      await send('PUT', own(url), bytes, headers, tell, signal)
    } catch (error) {
      // Links live for ten minutes; a slow line, or a laptop that slept, takes longer.
      if (!(error instanceof Failed) || ![403, 410].includes(error.status)) throw error
      await send('PUT', own((await renewed(upload.id, number)).upload_url), bytes, headers, tell, signal)
    }
    arrived += bytes.size
  }
  progress(entry.size)
  const finish = { params: { path: { upload_id: upload.id } }, body: { checksum: entry.hash }, signal }
  return await take(api.POST('/api/v2/files/direct-uploads/{upload_id}/complete', finish))
}

async function renewed(id: string, number: number): Promise<Part> {
  const asked = { params: { path: { upload_id: id } }, body: { part_numbers: [number] } }
  return (await take(api.POST('/api/v2/files/direct-uploads/{upload_id}/parts', asked))).parts[0]!
}

/** A link to this server, at the address that this page was loaded from: it may have several. */
function own(url: string) {
  const { pathname, search } = new URL(url)
  return pathname.startsWith('/api/v2/') ? pathname + search : url
}
