import { createSHA256 } from 'hash-wasm'

/** Answers each `{id, blob}` with `{id, digest}`, or with `{id, error}` when the file cannot be read (any more). */
onmessage = async ({ data: { id, blob } }: MessageEvent<{ id: number; blob: Blob }>) => {
  try {
    const hash = await createSHA256()
    hash.init()
    const reader = blob.stream().getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      hash.update(value)
    }
    postMessage({ id, digest: hash.digest('hex') })
  } catch (error) {
    postMessage({ id, error: String((error as Error).message || error) })
  }
}
