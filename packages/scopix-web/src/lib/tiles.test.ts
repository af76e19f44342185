import { expect, test } from 'vitest'
import { pyramidOf, tilesIn } from './tiles'

const DESCRIPTOR = `<?xml version="1.0"?><Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0"
 TileSize="512"><Size Width="4000" Height="3000"/></Image>`
const pyramid = pyramidOf(DESCRIPTOR, '/content/x/tiles.dzi')!
const WHOLE = { x: 0, y: 0, width: 1, height: 1 }

test('a descriptor names its levels, and one that says nothing is none', () => {
  expect(pyramid).toMatchObject({ base: '/content/x/tiles', side: 512, width: 4000, height: 3000, top: 12 })
  expect(pyramidOf('<Error/>', '/x.dzi')).toBeNull()
})

test('the level has a pixel for each of the screen, and its tiles cover the picture once', () => {
  const tiles = tilesIn(pyramid, WHOLE, 900)
  expect(tiles[0]!.url).toBe('/content/x/tiles/10/0_0.jpg') // 1000 x 750
  expect(tiles.length).toBe(4)
  expect(tiles.reduce((sum, tile) => sum + tile.width * tile.height, 0)).toBeCloseTo(1)
  expect(tilesIn(pyramid, WHOLE, 100_000).length).toBe(8 * 6) // never beyond full size
})

test('only what is in view is asked for', () => {
  const tiles = tilesIn(pyramid, { x: 0.5, y: 0.5, width: 0.1, height: 0.1 }, 4000)
  expect(tiles.map((tile) => tile.url.split('/').at(-1))).toEqual(['3_2.jpg', '4_2.jpg', '3_3.jpg', '4_3.jpg'])
  expect(tilesIn(pyramid, { x: 1.2, y: 0, width: 0.1, height: 1 }, 4000)).toEqual([])
})
