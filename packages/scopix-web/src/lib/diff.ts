export type Piece = { text: string; kind: 'same' | 'added' | 'removed' }

const MAX_WORDS = 3000 // words: two texts of this length take some 40 MB for a moment; longer ones are told whole

/** What changed from one text to another, by words: the longest common subsequence is what stayed. */
export function diff(before: string, after: string): Piece[] {
  const a = before.match(/\S+\s*/g) ?? []
  const b = after.match(/\S+\s*/g) ?? []
  if (a.length > MAX_WORDS || b.length > MAX_WORDS)
    return [
      { text: before, kind: 'removed' },
      { text: after, kind: 'added' },
    ]
  const width = b.length + 1
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = same(a[i]!, b[j]!)
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
  const pieces: Piece[] = []
  const add = (text: string, kind: Piece['kind']) => {
    const last = pieces.at(-1)
    if (last?.kind === kind) last.text += text
    else pieces.push({ text, kind })
  }
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(a[i]!, b[j]!)) {
      add(b[j]!, 'same')
      i++
      j++
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      add(a[i++]!, 'removed')
    else add(b[j++]!, 'added')
  }
  return pieces
}

const same = (one: string, other: string) => one.trimEnd() === other.trimEnd()
