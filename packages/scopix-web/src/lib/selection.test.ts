import { expect, test } from 'vitest'
import { Selection } from './selection'

test('a selection behaves like a set of numbers, whatever is done to it', () => {
  let seed = 7
  const chance = (below: number) => (seed = (seed * 48271) % 2147483647) % below
  let ours = Selection.none
  let set = new Set<number>()
  for (let step = 0; step < 3000; step++) {
    const a = chance(60)
    const b = chance(60)
    if (step % 3 === 0) {
      ours = ours.with(a, b)
      for (let i = Math.min(a, b); i <= Math.max(a, b); i++) set.add(i)
    } else {
      ours = ours.toggled(a)
      if (!set.delete(a)) set.add(a)
    }
    expect([...ours]).toEqual([...set].sort((one, other) => one - other))
    expect(ours.size).toBe(set.size)
    expect(ours.has(b)).toBe(set.has(b))
  }
})

test('all of 100,000 is one range, with exceptions', () => {
  const most = Selection.all(100_000).without(5)
  expect(most.size).toBe(99_999)
  expect(most.ranges.length).toBe(2)
  expect(Selection.all(0).size).toBe(0)
})
