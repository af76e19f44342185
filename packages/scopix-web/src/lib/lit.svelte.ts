export type Box = { x: number; y: number; width: number; height: number }

const NOTHING: ReadonlySet<number> = new Set()

/**
 * What is lit of one picture, on it and beside it, whichever of the two was pointed at: numbers of text regions and of
 * things. `wanted` is the place that the picture is to show closely, in fractions of it.
 */
export class Lit {
  texts = $state.raw(NOTHING)
  things = $state.raw(NOTHING)
  wanted = $state.raw<Box | null>(null)

  show({ texts = [], things = [] }: { texts?: Iterable<number>; things?: Iterable<number> }) {
    this.texts = new Set(texts)
    this.things = new Set(things)
  }

  clear() {
    this.texts = this.things = NOTHING
  }
}

/** The smallest box that holds all of them; null for none. */
export function around(boxes: Box[]): Box | null {
  if (!boxes.length) return null
  const x = Math.min(...boxes.map((box) => box.x))
  const y = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const bottom = Math.max(...boxes.map((box) => box.y + box.height))
  return { x, y, width: right - x, height: bottom - y }
}
