/** How files come to the queue from anywhere on the page. What comes before it is ready to take them waits. */
import { filesOf, type Picked } from './drop'

type Listener = (files: Picked[]) => void
let listener: Listener | null = null
let early: Picked[] = []

/** Hands over what has come so far and all that comes, until the function it returns is called. */
export function onFiles(wanted: Listener) {
  listener = wanted
  const waiting = early
  early = []
  if (waiting.length) wanted(waiting)
  return () => (listener = null)
}

export function addFiles(files: Picked[]) {
  if (!files.length) return
  if (listener) listener(files)
  else early = early.concat(files)
}

/** Whoever signs in next must not find them. */
export const forgetEarly = () => (early = [])

let open = $state(false)

/** Whether the view that asks for files, and how they are to be kept, is open. */
export const adding = {
  get open() {
    return open
  },
  set open(wanted: boolean) {
    open = wanted
  },
}

type Choice = { folder?: boolean; camera?: boolean }

/** Opens the browser's dialog for files or for a folder, or a phone's camera. */
export function chooseFiles({ folder = false, camera = false }: Choice = {}) {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = !camera
  input.hidden = true
  if (folder) input.webkitdirectory = true
  if (camera) Object.assign(input, { accept: 'image/*', capture: 'environment' })
  input.onchange = () => {
    addFiles([...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })))
    input.remove()
  }
  input.oncancel = () => input.remove()
  // In the document: one that nothing holds may be collected while the dialog is open, and its choice with it.
  document.body.append(input)
  input.click()
}

/** Takes what is dropped or pasted on the page; `over` hears whether files are held above it. */
export function watchDrops(over: (files: boolean) => void) {
  const abort = new AbortController()
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  const on = <K extends keyof WindowEventMap>(name: K, listener: (event: WindowEventMap[K]) => void) =>
    addEventListener(name, listener, { signal: abort.signal })
  on('dragover', (event) => carriesFiles(event) && (event.preventDefault(), over(true)))
  on('dragleave', (event) => !event.relatedTarget && over(false))
  on('drop', (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    over(false)
    void filesOf(event.dataTransfer!).then(addFiles)
  })
  on('paste', (event) => {
    if (event.clipboardData?.files.length) void filesOf(event.clipboardData).then(addFiles)
  })
  return () => abort.abort()
}
