import { expect, test } from 'vitest'
import { marked, termsOf } from './hits'

test('the words of a search, quoted ones together, signs left out', () => {
  expect(termsOf('Total "two Words"  ?! 42')).toEqual(['total', 'two words', '42'])
  expect(termsOf('"open')).toEqual(['open'])
  expect(termsOf('')).toEqual([])
})

test('hits are told apart whatever signs the words hold', () => {
  expect(marked('Total: 42.00 total', ['total'])).toEqual(['', 'Total', ': 42.00 ', 'total', ''])
  expect(marked('a+b (c)', ['a+b', '(c)'])).toEqual(['', 'a+b', ' ', '(c)', ''])
  expect(marked('nothing', [])).toEqual(['nothing'])
})
