/** Short messages at the foot of the page, some of which can be undone. */

export type Toast = { id: number; text: string; bad: boolean; action?: { label: string; run: () => void } }

const PLAIN_MS = 10_000
const ACTION_MS = 60_000 // whoever wants to undo has to read first, and to get there by keyboard
let last = 0
let shown = $state.raw<Toast[]>([])

export const toasts = {
  get all() {
    return shown
  },
}

export function say(text: string, options: { bad?: boolean; action?: Toast['action'] } = {}) {
  const toast = { id: ++last, text, bad: options.bad ?? false, action: options.action }
  shown = [...shown.slice(-2), toast]
  setTimeout(() => dismiss(toast.id), toast.action ? ACTION_MS : PLAIN_MS)
}

export function dismiss(id: number) {
  shown = shown.filter((toast) => toast.id !== id)
}
