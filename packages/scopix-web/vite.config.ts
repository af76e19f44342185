import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { compress } from './compress.ts'

export default defineConfig({
  plugins: [svelte(), compress()],
  build: {
    // No inline script (the server's policy forbids it), and nothing inlined that could be kept by its hash.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: 'es2023',
    reportCompressedSize: false,
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
