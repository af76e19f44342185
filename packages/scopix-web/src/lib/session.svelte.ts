/** Who sits here: an API key, kept in this tab for the browser session, and lent to other tabs of this browser. */

const STORED = 'scopix.key'
const LEND_MS = 120 // other tabs answer within a few, and nobody should wait for nobody; a later answer still counts
const AGAIN_MS = 2000 // between two attempts to reach a server that is away

type Holder = { id: string; name: string; scopes: string[]; expires_at: string | null }
type Why = '' | 'expired' | 'left'

let key = $state.raw(sessionStorage.getItem(STORED) ?? '')
let holder = $state.raw<Holder | null>(null)
let why = $state.raw<Why>('')
let borrowing = false
let lent: Promise<void> | null = null
const tabs = new BroadcastChannel('scopix')

export const session = {
  get key() {
    return key
  },
  get holder() {
    return holder
  },
  /** Why nobody is signed in any more. */
  get why() {
    return why
  },
  may(scope: string) {
    const held = holder?.scopes ?? []
    const [resource, action] = scope.split(':')
    if (held.includes('admin') || held.includes(scope)) return true
    if (scope === 'read') return held.includes('write')
    if (action === 'read' && resource === 'usage') return held.includes('read') || held.includes('write')
    return false
  },
}

/** Asks the server who holds `candidate`, and keeps it. Throws the server's message when it is not good. */
export async function signIn(candidate: string) {
  const response = await fetch('/api/v2/api-keys/current', { headers: { Authorization: `Bearer ${candidate}` } })
  const body = await response.json()
  if (!response.ok) throw new Error(body.error?.message ?? response.statusText)
  holder = body as Holder
  key = candidate
  why = ''
  sessionStorage.setItem(STORED, candidate)
}

export function signOut(reason: Why = 'left') {
  sessionStorage.removeItem(STORED)
  borrowing = false
  lent = null
  key = ''
  holder = null
  why = reason
  if (reason === 'left') tabs.postMessage('left')
}

/** Finds a key: a one-time link's, this tab's, or another tab's. */
export async function begin() {
  tabs.onmessage = ({ data }) => {
    if (data === 'who' && key) tabs.postMessage({ key })
    else if (data?.key && borrowing && !key) lent ??= signIn(data.key).catch(() => void (lent = null))
    else if (data === 'left' && key) signOut('expired')
  }
  const once = /^#once=([\w-]{43})$/.exec(location.hash)?.[1]
  // Before anything else: the link is worth a key, and has no business in the history.
  if (once) history.replaceState(null, '', '/')
  try {
    if (once) await redeem(once)
    else if (key) await signIn(key)
    else await borrow()
  } catch (error) {
    // A server that cannot be reached is no reason to forget the key.
    if (!(error instanceof TypeError)) signOut('expired')
    else if (key) void again(key)
  }
}

/** Asks what `kept` may do until the server answers. */
async function again(kept: string) {
  while (key === kept && !holder) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    await signIn(kept).catch((error) => error instanceof TypeError || signOut('expired'))
  }
}

async function redeem(token: string) {
  const response = await fetch('/api/v2/auth/one-time', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  })
  const body = await response.json()
  if (!response.ok) throw new Error(body.error?.message)
  await signIn(body.api_key)
}

/** Asks the other tabs for a key; `tabs` hears the answer. */
async function borrow() {
  borrowing = true
  tabs.postMessage('who')
  for (const end = Date.now() + LEND_MS; !lent && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 10))
  await lent
}
