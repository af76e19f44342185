import { expect, test } from 'vitest'
import { justify, rowOf, vertical } from './justify'

const mixed = Array.from({ length: 500 }, (_, i) => [0.5, 0.75, 1, 1.33, 1.5, 2, 0][i % 7]!)

test('every row but the last fills the width to the pixel', () => {
  const rows = justify(mixed, 1000, 200, 6)
  for (const row of rows.slice(0, -1)) {
    const end = row.x.at(-1)! + row.w.at(-1)!
    expect(end).toBeCloseTo(1000, 1)
    expect(row.height).toBeLessThanOrEqual(200)
  }
  expect(rows.reduce((sum, row) => sum + row.w.length, 0)).toBe(500)
})

test('a last row of few tiles is not blown up, and nothing gives no rows', () => {
  expect(justify([1], 1000, 200, 6)[0]!.height).toBe(200)
  expect(justify([], 1000, 200, 6)).toEqual([])
})

test('extreme ratios are cut, so that no tile is a line', () => {
  const rows = justify([50, 0.01], 1000, 200, 6)
  for (const row of rows) for (const w of row.w) expect(w / row.height).toBeGreaterThanOrEqual(0.39)
})

test('tiles are found by their row, and the one below by its middle', () => {
  const rows = justify(mixed, 1000, 200, 6)
  for (let i = 0; i < mixed.length; i += 13) {
    const row = rows[rowOf(rows, i)]!
    expect(i >= row.first && i < row.first + row.w.length).toBe(true)
  }
  const below = vertical(rows, 0, 1)
  expect(below).toBe(rows[1]!.first)
  const above = vertical(rows, below, -1)
  const middle = rows[1]!.w[0]! / 2
  expect(rows[0]!.x[above]).toBeLessThanOrEqual(middle)
  expect(rows[0]!.x[above]! + rows[0]!.w[above]! + 6).toBeGreaterThan(middle)
  expect(vertical(rows, 0, -1)).toBe(0)
})
