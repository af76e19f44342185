import { expect, test } from 'vitest'
import { addFiles, forgetEarly, onFiles } from './incoming.svelte'

const picked = (path: string) => ({ file: new File([], path), path })

test('what is chosen before the queue listens is handed over once, in order', () => {
  addFiles([picked('a'), picked('b')])
  addFiles([])
  addFiles([picked('c')])
  const heard: string[][] = []
  const stop = onFiles((files) => heard.push(files.map((one) => one.path)))
  addFiles([picked('d')])
  expect(heard).toEqual([['a', 'b', 'c'], ['d']])
  stop()
  addFiles([picked('e')])
  forgetEarly()
  onFiles((files) => heard.push(files.map((one) => one.path)))()
  expect(heard.length).toBe(2)
})
