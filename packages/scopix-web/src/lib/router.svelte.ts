/** The address bar holds every state of the page: this is the only place that reads and writes it. */

let url = $state.raw(new URL(location.href))
addEventListener('popstate', () => (url = new URL(location.href)))

export const route = {
  get path() {
    return url.pathname
  },
  get query() {
    return url.searchParams
  },
  get search() {
    return url.search
  },
}

export function go(to: string, replace = false) {
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  url = new URL(location.href)
}

/** Lets plain clicks on links inside `node` change the address without loading the page again. */
export function links(node: HTMLElement) {
  const clicked = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a')
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return
    if (link.target || link.origin !== location.origin || link.hasAttribute('download')) return
    // A place on this page is found by the browser, which moves the focus there, too.
    if (link.hash && link.pathname === location.pathname) return
    if (/^\/(api|docs)\b/.test(link.pathname)) return
    event.preventDefault()
    go(link.pathname + link.search)
  }
  node.addEventListener('click', clicked)
  return () => node.removeEventListener('click', clicked)
}
