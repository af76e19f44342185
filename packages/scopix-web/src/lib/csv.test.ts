import { expect, test } from 'vitest'
import type { FileDetails } from './api'
import { asCsv } from './csv'

test('a table quotes what would break it, and nothing in it is a formula', () => {
  const file = { id: 'x', title: '=1+1', tags: ['a', 'b'], visible_text: 'said "no",\nthen', size_bytes: -1 }
  const [head, row] = asCsv([file as unknown as FileDetails]).split('\r\n')
  expect(head).toBe('\ufeffid,filename,title,tags,category,description,text,taken,added,bytes,sha256')
  expect(row).toBe(`x,,'=1+1,"a, b",,,"said ""no"",\nthen",,,-1,`)
})
