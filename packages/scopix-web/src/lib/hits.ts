/** The words of a search, as a text is looked through for them; "quoted" words stand together. Conditions have none. */
export function termsOf(search: string): string[] {
  const terms = search.match(/-?[\p{L}\p{N}_.-]+(?:[<>]=?|[:=])(?:"[^"]*"|[^\s"]+)|-?"[^"]*"|[^\s"]+/gu) ?? []
  return terms
    .map((term) => term.replace(/^(title|text|description):/i, ''))
    .filter((term) => /[\p{L}\p{N}]/u.test(term) && !/^-[\p{L}\p{N}"]|^[\p{L}][\p{L}\p{N}_.-]*(?:[<>]=?|[:=])/u.test(term))
    .map((term) => term.replaceAll('"', '').trim().toLowerCase())
    .filter((term) => term)
}

/** A text in pieces, every other of which (1, 3, …) is a hit. */
export function marked(text: string, terms: string[]): string[] {
  if (!terms.length) return [text]
  const escaped = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return text.split(new RegExp(`(${escaped.join('|')})`, 'iu'))
}
