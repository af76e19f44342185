import { openDB, type DBSchema } from 'idb'

/** What outlives a reload of a file that was to be uploaded: what it is and how far it came, never its bytes. */
export type Kept = {
  id: string
  tenant: string
  path: string
  size: number
  modified: number
  hash: string
  options: UploadOptions
}
export type UploadOptions = { category: string; tags: string[]; custom: boolean }

interface Schema extends DBSchema {
  uploads: { key: string; value: Kept; indexes: { tenant: string } }
}

const database = openDB<Schema>('scopix', 1, {
  upgrade: (opened) => void opened.createObjectStore('uploads', { keyPath: 'id' }).createIndex('tenant', 'tenant'),
})

/** Without a database (a private window, say) the queue works, and is forgotten with the page. */
const quietly = <T>(work: Promise<T>, otherwise: T) => work.catch(() => otherwise)

export const keep = (entries: Kept[]) =>
  quietly(
    database.then(async (opened) => {
      const change = opened.transaction('uploads', 'readwrite')
      for (const entry of entries) void change.store.put(entry)
      await change.done
    }),
    undefined,
  )

export const forget = (ids: string[]) =>
  quietly(
    database.then(async (opened) => {
      const change = opened.transaction('uploads', 'readwrite')
      for (const id of ids) void change.store.delete(id)
      await change.done
    }),
    undefined,
  )

export const kept = (tenant: string) =>
  quietly(
    database.then((opened) => opened.getAllFromIndex('uploads', 'tenant', tenant)),
    [] as Kept[],
  )
