import { Failed } from './api'

export type Progress = (sent: number) => void

/**
 * Sends a body by XMLHttpRequest: `fetch` tells nothing of the bytes that were sent. Resolves with the answer's JSON
 * (null when it has none); throws `Failed` with the server's reason, or with the code OFFLINE.
 */
export function send(
  method: string,
  url: string,
  body: XMLHttpRequestBodyInit,
  headers: Record<string, string>,
  progress: Progress,
  signal: AbortSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    signal.addEventListener('abort', abort)
    request.open(method, url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => progress(event.loaded)
    request.onloadend = () => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) return reject(new DOMException('', 'AbortError'))
      if (!request.status) return reject(new Failed('', 0, 'OFFLINE'))
      const told = parsed(request.responseText)
      if (request.status < 300) return resolve(told)
      const error = (told as { error?: { message: string; code: string } } | null)?.error
      reject(new Failed(error?.message ?? `${request.status} ${request.statusText}`, request.status, error?.code))
    }
    request.send(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
