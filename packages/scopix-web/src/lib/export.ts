import { api, take, type FileDetails } from './api'
import { asCsv } from './csv'

export type Format = 'json' | 'csv'
const PORTION = 100 // files: as many as one request of the API lists with their details

/** All that is known of these files, in one file to keep. `told` hears how many have come. */
export async function exported(ids: string[], format: Format, told: (count: number) => void): Promise<Blob> {
  const files: FileDetails[] = []
  for (let start = 0; start < ids.length; start += PORTION) {
    const some = ids.slice(start, start + PORTION)
    const query = { ids: some, limit: PORTION, include: 'details' as const }
    const found = await take(api.GET('/api/v2/files', { params: { query } }))
    const byId = new Map((found.items as FileDetails[]).map((file) => [file.id, file]))
    files.push(...some.flatMap((id) => byId.get(id) ?? []))
    told(files.length)
  }
  if (format === 'csv') return new Blob([asCsv(files)], { type: 'text/csv' })
  return new Blob([JSON.stringify(files, null, 2)], { type: 'application/json' })
}

/** Hands a file to the browser's downloads. */
export function save(blob: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The download has begun by then; the bytes are let go.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
