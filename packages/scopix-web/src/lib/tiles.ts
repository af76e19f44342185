/** A picture in tiles on levels of half the size each, as DZI describes it; level 0 has one pixel. */
export type Pyramid = { base: string; format: string; side: number; overlap: number; width: number; height: number; top: number }
/** A tile and its place, in fractions of the picture. */
export type Tile = { url: string; x: number; y: number; width: number; height: number }
type View = { x: number; y: number; width: number; height: number }

/** Reads a descriptor; null for one that says too little. By its attributes: browsers guard their parsers of markup. */
export function pyramidOf(descriptor: string, url: string): Pyramid | null {
  const value = (name: string) => new RegExp(`\\b${name}="([^"]+)"`).exec(descriptor)?.[1] ?? ''
  const [side, overlap, width, height] = ['TileSize', 'Overlap', 'Width', 'Height'].map((name) => Number(value(name)))
  if (!side || !width || !height) return null
  const top = Math.ceil(Math.log2(Math.max(width, height)))
  return { base: url.replace(/\.dzi(?=$|\?)/, ''), format: value('Format') || 'jpg', side, overlap: overlap ?? 0, width, height, top }
}

/**
 * The tiles of what is in view (in fractions of the picture), from the smallest level that has a pixel for each of the
 * screen's, where the whole picture is `pixels` wide.
 */
export function tilesIn(pyramid: Pyramid, view: View, pixels: number): Tile[] {
  const level = Math.max(0, Math.min(pyramid.top, pyramid.top + Math.ceil(Math.log2(pixels / pyramid.width))))
  const shrink = 2 ** (pyramid.top - level)
  const width = Math.ceil(pyramid.width / shrink)
  const height = Math.ceil(pyramid.height / shrink)
  const { side, overlap } = pyramid
  const range = (from: number, length: number, size: number) => ({
    first: Math.max(0, Math.floor((from * size) / side)),
    last: Math.min(Math.ceil(size / side), Math.ceil(((from + length) * size) / side)) - 1,
  })
  const columns = range(view.x, view.width, width)
  const rows = range(view.y, view.height, height)
  const tiles: Tile[] = []
  for (let row = rows.first; row <= rows.last; row++)
    for (let column = columns.first; column <= columns.last; column++) {
      const left = Math.max(0, column * side - overlap)
      const top = Math.max(0, row * side - overlap)
      tiles.push({
        url: `${pyramid.base}/${level}/${column}_${row}.${pyramid.format}`,
        x: left / width,
        y: top / height,
        width: (Math.min(width, (column + 1) * side + overlap) - left) / width,
        height: (Math.min(height, (row + 1) * side + overlap) - top) / height,
      })
    }
  return tiles
}
