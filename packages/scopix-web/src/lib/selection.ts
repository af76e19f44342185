type Range = readonly [from: number, to: number]

/** A set of places in a list, kept as ranges: all of 100,000 is one range. Immutable. */
export class Selection {
  private constructor(readonly ranges: readonly Range[]) {}

  static readonly none = new Selection([])
  static all = (count: number) => (count ? new Selection([[0, count - 1]]) : Selection.none)

  get size() {
    return this.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  }

  has(place: number) {
    return this.ranges.some(([from, to]) => from <= place && place <= to)
  }

  with(a: number, b = a): Selection {
    let from = Math.min(a, b)
    let to = Math.max(a, b)
    const apart: Range[] = []
    for (const range of this.ranges) {
      if (range[1] < from - 1 || range[0] > to + 1) apart.push(range)
      else [from, to] = [Math.min(from, range[0]), Math.max(to, range[1])]
    }
    return new Selection([...apart, [from, to] as const].sort((one, other) => one[0] - other[0]))
  }

  without(place: number): Selection {
    return new Selection(
      this.ranges.flatMap(([from, to]): Range[] =>
        place < from || place > to
          ? [[from, to]]
          : ([[from, place - 1], [place + 1, to]] as Range[]).filter(([start, end]) => start <= end),
      ),
    )
  }

  toggled(place: number) {
    return this.has(place) ? this.without(place) : this.with(place)
  }

  *[Symbol.iterator]() {
    for (const [from, to] of this.ranges) for (let place = from; place <= to; place++) yield place
  }
}
