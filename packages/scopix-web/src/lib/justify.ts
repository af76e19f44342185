export type Row = { height: number; first: number; x: Float32Array; w: Float32Array }

// Beyond these a tile is cut: a panorama would be a line, a till receipt a column.
const NARROWEST = 0.4
const WIDEST = 4

/**
 * Breaks tiles of these aspect ratios (width by height; 0 is unknown and taken for a square) into rows that fill
 * `width` pixels. A row is about `target` pixels high, the last one at most that; the sizes follow from the numbers
 * alone, so that nothing is measured while scrolling.
 */
export function justify(ratios: ArrayLike<number>, width: number, target: number, gap: number): Row[] {
  const rows: Row[] = []
  let first = 0
  let sum = 0
  for (let index = 0; index < ratios.length; index++) {
    sum += ratio(ratios[index]!)
    const count = index - first + 1
    const inner = width - gap * (count - 1)
    const last = index === ratios.length - 1
    if (sum * target < inner && !last) continue
    const height = last ? Math.min(inner / sum, target) : inner / sum
    const x = new Float32Array(count)
    const w = new Float32Array(count)
    let left = 0
    for (let k = 0; k < count; k++) {
      x[k] = left
      w[k] = ratio(ratios[first + k]!) * height
      left += w[k]! + gap
    }
    rows.push({ height, first, x, w })
    first = index + 1
    sum = 0
  }
  return rows
}

const ratio = (value: number) => Math.min(WIDEST, Math.max(NARROWEST, value || 1))

/** The row that holds tile `index`. */
export function rowOf(rows: Row[], index: number): number {
  let low = 0
  let high = rows.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (rows[middle]!.first <= index) low = middle
    else high = middle - 1
  }
  return low
}

/** The tile above (`step` -1) or below (1) tile `index`, the one nearest to its middle; itself at the edges. */
export function vertical(rows: Row[], index: number, step: number): number {
  const at = rowOf(rows, index)
  const row = rows[at]
  const next = rows[at + step]
  if (!row || !next) return index
  const k = index - row.first
  const middle = row.x[k]! + row.w[k]! / 2
  let best = 0
  for (let j = 0; j < next.x.length; j++) if (next.x[j]! <= middle) best = j
  return next.first + best
}
