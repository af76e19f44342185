/** What a list shows, as it stands in the address bar. */
export type Query = {
  search: string
  tags: string[]
  things: string[]
  people: string
  text: string
  status: string
  category: string
  from: string
  to: string
  sort: string
}

/** The order of a list for which none was chosen: what fits a search best, or the newest pictures. */
export const sortOf = (query: Query) => query.sort || (query.search ? 'relevance.desc' : 'content_created_at.desc')
/** Conditions with one value, by their names in the address. */
export const SINGLE = ['people', 'text', 'status', 'category', 'from', 'to'] as const

export function queryOf(parameters: URLSearchParams): Query {
  const one = (name: string) => parameters.get(name) ?? ''
  return {
    search: one('q'),
    tags: parameters.getAll('tag'),
    things: parameters.getAll('thing'),
    people: one('people'),
    text: one('text'),
    status: one('status'),
    category: one('category'),
    from: one('from'),
    to: one('to'),
    sort: one('sort'),
  }
}

export function addressOf(query: Query): string {
  const parameters = new URLSearchParams()
  if (query.search) parameters.set('q', query.search)
  for (const tag of query.tags) parameters.append('tag', tag)
  for (const thing of query.things) parameters.append('thing', thing)
  for (const name of SINGLE) if (query[name]) parameters.set(name, query[name])
  if (query.sort) parameters.set('sort', query.sort)
  const text = parameters.toString()
  return text ? `?${text}` : ''
}

/** The query parameters of the REST API that a list is asked for with. */
export function filterOf(query: Query) {
  const [by, order] = sortOf(query).split('.')
  const statuses = query.status === 'queued' ? ['pending', 'queued', 'processing'] : [query.status]
  return {
    search: query.search || undefined,
    tags: query.tags.length ? query.tags : undefined,
    objects: query.things.length ? query.things : undefined,
    min_people: query.people ? Number(query.people) : undefined,
    has_text: query.text ? query.text === 'yes' : undefined,
    description_statuses: query.status ? (statuses as never) : undefined,
    content_categories: query.category ? [query.category as never] : undefined,
    date_from: query.from || undefined,
    date_to: query.to ? `${query.to}T23:59:59.999` : undefined,
    sort_by: by as never,
    sort_order: order as never,
  }
}
