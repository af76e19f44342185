import { expect, test } from 'vitest'
import { diff } from './diff'

const side = (pieces: ReturnType<typeof diff>, without: string) =>
  pieces
    .filter((piece) => piece.kind !== without)
    .map((piece) => piece.text)
    .join('')
    .split(/\s+/)

test('both texts can be told from their difference', () => {
  const before = 'A red car stands in front of a house.'
  const after = 'A blue car stands in front of an old house.'
  const pieces = diff(before, after)
  expect(side(pieces, 'added')).toEqual(before.split(' '))
  expect(side(pieces, 'removed')).toEqual(after.split(' '))
  expect(pieces.filter((piece) => piece.kind === 'removed').map((piece) => piece.text.trim())).toEqual(['red', 'a'])
})

test('equal texts have no difference, and empty ones are no trouble', () => {
  expect(diff('same words', 'same words')).toEqual([{ text: 'same words', kind: 'same' }])
  expect(diff('', 'new')).toEqual([{ text: 'new', kind: 'added' }])
  expect(diff('', '')).toEqual([])
})

test('very long texts are told whole', () => {
  const long = 'word '.repeat(4000)
  expect(diff(long, 'other').map((piece) => piece.kind)).toEqual(['removed', 'added'])
})
