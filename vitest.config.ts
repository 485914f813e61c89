import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vitest/config'

/** Files of templates/ are text to the program; scripts/build.mjs says the same to esbuild. */
const templatesAsText: Plugin = {
  name: 'templates-as-text',
  enforce: 'pre',
  load(id) {
    if (!/\/templates\/[^?]+$/.test(id)) return undefined
    return `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`
  },
}

const shared = { plugins: [templatesAsText] }

/** What a run of before has kept would hide what this one finds: tests of the cache name one of their own. */
const env = { K3SEAL_NO_CACHE: '1' }

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          env,
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'peers',
          env,
          include: ['test/peers/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          env,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
