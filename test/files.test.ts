import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PaperFile, type PaperFiles, withFile } from '../src/flow/files.ts'

const file = (content: string): PaperFile => ({
  kind: 'file',
  content,
  mode: 0o600,
  owner: undefined,
  hops: [],
})

/** What a map shows, in every way that it can be asked. */
const shown = (files: PaperFiles) => {
  const each: [string, string][] = []
  files.forEach(({ content }, path) => {
    each.push([path, String(content)])
  })
  return {
    size: files.size,
    each,
    entries: [...files.entries()],
    iterated: [...files],
    keys: [...files.keys()],
    values: [...files.values()],
    has: ['/a0', '/a7', '/b3', '/none'].map((path) => files.has(path)),
    got: ['/a0', '/a7', '/b3', '/none'].map((path) => files.get(path)?.content),
  }
}

test('a node with many files is a map of them, whenever each was written', () => {
  const paths = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(400)), { minLength: 250, maxLength: 600 })
  fc.assert(
    fc.property(paths, (written) => {
      const model = new Map<string, PaperFile>()
      let files: PaperFiles = new Map()
      for (const [index, [kind, number]] of written.entries()) {
        const path = `/${kind}${number}`
        const before = files
        const size = before.size
        model.set(path, file(`${index}`))
        files = withFile(files, path, file(`${index}`))
        // The node of before is one of another world, maybe.
        expect(before.size).toBe(size)
      }
      expect(shown(files)).toEqual(shown(model))
    }),
    { numRuns: 30 },
  )
})

test('a world that goes on from the same node keeps its own files', () => {
  let files: PaperFiles = new Map(Array.from({ length: 300 }, (_, index) => [`/a${index}`, file('first')]))
  files = withFile(files, '/a1', file('second'))
  const one = withFile(files, '/b', file('one'))
  const other = withFile(files, '/b', file('other'))
  expect([files.has('/b'), one.get('/b')?.content, other.get('/b')?.content]).toEqual([false, 'one', 'other'])
  expect(new Map(one).get('/a1')?.content).toBe('second')
})
