import type { FileDetails } from './api'

const COLUMNS = ['id', 'filename', 'title', 'tags', 'category', 'description', 'text', 'taken', 'added', 'bytes', 'sha256'] as const

/** A table for spreadsheets: quoted by RFC 4180, with a mark of UTF-8, without which Excel guesses. */
export function asCsv(files: FileDetails[]): string {
  const rows = files.map((file) => [
    file.id,
    file.original_filename,
    file.title,
    file.tags?.join(', '),
    file.content_category,
    file.upload_description,
    file.visible_text,
    file.content_created_at,
    file.created_at,
    file.size_bytes,
    file.hash,
  ])
  return `\ufeff${[COLUMNS, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

function cell(value: unknown): string {
  const text = String(value ?? '')
  // A spreadsheet would run what begins like this; names and texts in pictures are written by anybody.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
