/** The words of a search, as a region's text is looked through for them; "quoted" words stand together. */
export function termsOf(search: string): string[] {
  const terms = search.match(/"[^"]*"|[^\s"]+/g) ?? []
  return terms.map((term) => term.replaceAll('"', '').trim().toLowerCase()).filter((term) => /[\p{L}\p{N}]/u.test(term))
}

/** A text in pieces, every other of which (1, 3, …) is a hit. */
export function marked(text: string, terms: string[]): string[] {
  if (!terms.length) return [text]
  const escaped = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return text.split(new RegExp(`(${escaped.join('|')})`, 'iu'))
}
