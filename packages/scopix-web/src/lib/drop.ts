export type Picked = { file: File; path: string }

/** All files of a drop or paste, folders with all that is in them; paths begin with the folder's name. */
export async function filesOf(transfer: DataTransfer): Promise<Picked[]> {
  // All of them before the first wait: afterwards the browser has emptied the list.
  const entries = [...transfer.items].map((item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null))
  if (!entries.some(Boolean)) return [...transfer.files].map((file) => ({ file, path: file.name }))
  const found: Picked[] = []
  for (const entry of entries) if (entry) await walk(entry, '', found)
  return found
}

async function walk(entry: FileSystemEntry, folder: string, found: Picked[]) {
  // Names that begin with a dot are the system's own (.DS_Store, .git).
  if (entry.name.startsWith('.')) return
  const path = folder + entry.name
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    found.push({ file, path })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return
    for (const inner of some) await walk(inner, `${path}/`, found)
  }
}
