import { expect, test } from 'vitest'
import { addressOf, filterOf, queryOf } from './query'

test('the address holds every condition, and the same list comes of it', () => {
  const query = {
    search: 'red & "two words"',
    tags: ['a b', 'ä+ö'],
    things: ['dog', 'people>=2'],
    people: '3',
    text: 'no',
    status: 'queued',
    category: 'document',
    from: '2026-01-02',
    to: '2026-02-03',
    sort: 'title.asc',
  }
  expect(queryOf(new URLSearchParams(addressOf(query)))).toEqual(query)
  expect(filterOf(query)).toMatchObject({ objects: ['dog', 'people>=2'], min_people: 3, has_text: false, sort_by: 'title' })
  expect(filterOf({ ...query, sort: '' })).toMatchObject({ sort_by: 'relevance', sort_order: 'desc' })
  const nothing = queryOf(new URLSearchParams())
  expect(addressOf(nothing)).toBe('')
  expect(Object.values(filterOf(nothing)).filter((value) => value !== undefined)).toEqual(['content_created_at', 'desc'])
})
