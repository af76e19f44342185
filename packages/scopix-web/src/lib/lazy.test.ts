import { expect, test, vi } from 'vitest'
import { lazy } from './lazy'

test('a part that could not be loaded is asked for again under another address, one that was is kept', async () => {
  vi.useFakeTimers()
  const asked: string[] = []
  const failing = async (url: string): Promise<string> => {
    asked.push(url)
    if (asked.length < 4) throw new TypeError(`Failed to fetch dynamically imported module: ${url}`)
    return 'part'
  }
  const url = 'http://host/assets/Part-a_b.js'
  const part = lazy(() => failing(url), failing)
  const waiting = Promise.all([part(), part()])
  await vi.runAllTimersAsync()
  expect(await waiting).toEqual(['part', 'part'])
  expect(await part()).toBe('part')
  expect(asked).toEqual([url, `${url}?1`, `${url}?2`, `${url}?3`])
  vi.useRealTimers()
})
