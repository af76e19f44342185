import { decode, isBlurhashValid } from 'blurhash'

const SIDE = 16 // pixels: a few colours that run into each other need no more

/** Draws the few colours of a picture that is still on its way, stretched by the browser. */
export const blurred = (hash: string | null) => (canvas: HTMLCanvasElement) => {
  if (!hash || !isBlurhashValid(hash).result) return
  const pen = canvas.getContext('2d')
  if (!pen) return
  canvas.width = canvas.height = SIDE
  const image = pen.createImageData(SIDE, SIDE)
  image.data.set(decode(hash, SIDE, SIDE))
  pen.putImageData(image, 0, 0)
}
