import { Failed } from './api'
import url from './hash.worker.ts?worker&url'
import { workerUrl } from './trusted'

type Waiting = { resolve: (digest: string) => void; reject: (error: Error) => void }

let worker: Worker | null = null
let last = 0
const waiting = new Map<number, Waiting>()

/** The SHA-256 of a file in hex, computed as it is read in a worker: plain http has no crypto.subtle. */
export function sha256(blob: Blob): Promise<string> {
  worker ??= start()
  const id = ++last
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker!.postMessage({ id, blob })
  })
}

function start() {
  const started = new Worker(workerUrl(url), { type: 'module' })
  started.onmessage = ({ data }: MessageEvent<{ id: number; digest?: string; error?: string }>) => {
    const asked = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.digest) asked?.resolve(data.digest)
    else asked?.reject(new Error(data.error))
  }
  started.onerror = () => {
    // Its script could not be loaded: the server is away, and will be asked again.
    for (const asked of waiting.values()) asked.reject(new Failed('', 0, 'OFFLINE'))
    waiting.clear()
    worker = null
  }
  return started
}
