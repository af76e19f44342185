import { expect, test } from 'vitest'
import { marked, termsOf } from './hits'

test('the words of a search, quoted ones together, signs left out', () => {
  expect(termsOf('Total "two Words"  ?! 42')).toEqual(['total', 'two words', '42'])
  expect(termsOf('"open')).toEqual(['open'])
  expect(termsOf('')).toEqual([])
})

test('conditions have no words, but for those that say where words are', () => {
  expect(termsOf('-draft -"two words" tag:roof people>=2 field.total>100 roof')).toEqual(['roof'])
  expect(termsOf('title:Plan text:"net Total" 12:30 a-b')).toEqual(['plan', 'net total', '12:30', 'a-b'])
})

test('hits are told apart whatever signs the words hold', () => {
  expect(marked('Total: 42.00 total', ['total'])).toEqual(['', 'Total', ': 42.00 ', 'total', ''])
  expect(marked('a+b (c)', ['a+b', '(c)'])).toEqual(['', 'a+b', ' ', '(c)', ''])
  expect(marked('nothing', [])).toEqual(['nothing'])
})
