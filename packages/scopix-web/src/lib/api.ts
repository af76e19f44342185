import createClient from 'openapi-fetch'
import type { components, paths } from '../api'
import { session, signOut } from './session.svelte'

type Schemas = components['schemas']
export type FileSummary = Schemas['FileSummary']
export type FileDetails = Schemas['FileDetails']
export type ErrorBody = Schemas['ErrorEnvelope']

/** Every route of the server, typed by its own OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin })

api.use({
  onRequest({ request }) {
    if (session.key) request.headers.set('Authorization', `Bearer ${session.key}`)
    return request
  },
  onResponse({ response, request }) {
    // The key was revoked or has expired: whoever sits here has to show another.
    if (response.status === 401 && request.headers.get('Authorization') === `Bearer ${session.key}`) signOut('expired')
  },
})

/** What went wrong, in the server's own words where it said any. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code = '',
  ) {
    super(message)
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** The data of an answer; throws `Failed` with the server's reason. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch(() => {
    throw new Failed('', 0, 'OFFLINE')
  })
  if (!response.ok) {
    const told = (error as Partial<ErrorBody> | undefined)?.error
    throw new Failed(told?.message ?? `${response.status} ${response.statusText}`, response.status, told?.code)
  }
  return data as T
}
