import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Node, parse } from 'acorn'
import { transformSync } from 'esbuild'
import { analyse } from 'scslre'
import { describe, expect, test } from 'vitest'
import { mayTakeForever } from '../src/ansible/template/regexCost.ts'

test.each([
  '(a+)+$',
  '(a|a)*b',
  '(a|aa)+$',
  '(.*a){30}$',
  '(?:\\w+\\s*)+:',
  '([a-z]|\\w)*x',
  '((a+))*',
  '(a*)*',
  '((a|a)b?)*',
])('%s may', (pattern) => expect(mayTakeForever(pattern)).toBe(true))

test.each([
  '^K3S_TOKEN=.*$',
  '^(#\\s*)?token:\\s+(.*)$',
  '(\\w+\\.)*example',
  '(?:/[^/]+)+',
  '(a|b)*',
  '(\\s|#)*K3S',
  '([0-9]{1,3}\\.){3}[0-9]{1,3}',
  '^(?P<name>\\w+)=(?P<value>.*)$',
  '(.*a){2}',
  '[(+*]+',
  '\\(a+\\)+',
  '(?i)^token',
  '(?!x)+',
])('%s does not', (pattern) => expect(mayTakeForever(pattern)).toBe(false))

interface Pattern {
  readonly source: string
  readonly flags: string
}

/** The patterns between slashes in a file of ours. */
function patternsIn(path: string): readonly Pattern[] {
  const found: Pattern[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { regex } = value as Partial<Node & { regex: { pattern: string; flags: string } }>
    if (regex !== undefined) found.push({ source: regex.pattern, flags: regex.flags })
    for (const part of Object.values(value)) visit(part)
  }
  const { code } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts' })
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }))
  return found
}

/** Those that are put together while a site without a token is linted. */
async function patternsMade(): Promise<readonly Pattern[]> {
  const found: Pattern[] = []
  const Original = RegExp
  globalThis.RegExp = new Proxy(Original, {
    construct(target, args: ConstructorParameters<typeof RegExp>) {
      const made = new target(...args)
      found.push({ source: made.source, flags: made.flags })
      return made
    },
  })
  try {
    const { Analysis } = await import('../src/lint/analysis.ts')
    const { rules } = await import('../src/rules/index.ts')
    for (const { bad, check } of rules)
      for (const { files } of bad) [...check(new Analysis(new Map(Object.entries(files))))]
  } finally {
    globalThis.RegExp = Original
  }
  return found
}

const grows = ({ source, flags }: Pattern): boolean =>
  analyse({ source, flags }, { reportTypes: { Move: false } }).reports.some(({ exponential }) => exponential)

describe('no pattern of our own takes time that doubles with each character', () => {
  const src = join(import.meta.dirname, '../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.d)\.ts$/.test(name),
  )

  test('between slashes', () => {
    const found = files.flatMap((name) => patternsIn(join(src, name)))
    expect(found.length).toBeGreaterThan(1000)
    expect(found.filter(grows)).toEqual([])
  })

  test('put together from others', async () => {
    const made = await patternsMade()
    expect(made.length).toBeGreaterThan(20)
    expect(made.filter(grows)).toEqual([])
  })
})
