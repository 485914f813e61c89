import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { Analysis } from '../../src/lint/analysis.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'k3seal-edits-'))
mkdirSync(join(scratch, 'tmp'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

interface Edit {
  readonly module: 'lineinfile' | 'blockinfile' | 'replace'
  readonly args: Readonly<Record<string, string | boolean>>
  /** `null`: there is no file. */
  readonly before: string | null
}

const lines = [
  'K3S_TOKEN=quince',
  'K3S_TOKEN=',
  'K3S_URL=https://quay:6443',
  '# K3S_TOKEN=old',
  '',
  '[Service]',
]
const line = fc.constantFrom(...lines)
const text = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.boolean())
  .map(([some, isEnded]) => some.join('\n') + (some.length > 0 && isEnded ? '\n' : ''))
const before = fc.option(text, { freq: 12 })
const regexp = fc.constantFrom('^K3S_TOKEN=', 'K3S_', String.raw`^#?\s*K3S_TOKEN`, '^nothing', '^$')
const place = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { insertafter: 'EOF' },
  { insertbefore: 'BOF' },
  { insertafter: '^K3S_' },
  { insertbefore: '^K3S_' },
  { insertafter: '^nothing' },
  { insertbefore: '^nothing' },
)
const flag = (name: string) => fc.constantFrom<Readonly<Record<string, boolean>>>({}, {}, { [name]: true })
const absent = fc.constantFrom<Readonly<Record<string, string>>>({}, {}, {}, { state: 'absent' })

const found = fc.oneof(
  fc.constant({}),
  regexp.map((value) => ({ regexp: value })),
  fc.constantFrom('TOKEN', 'URL').map((value) => ({ search_string: value })),
)
const lineinfile: fc.Arbitrary<Edit> = fc
  .tuple(before, line, found, place, flag('firstmatch'), flag('create'), absent)
  .map(([given, wanted, ...some]) => ({
    module: 'lineinfile',
    before: given,
    args: Object.assign({ line: wanted }, ...some),
  }))
const backrefs: fc.Arbitrary<Edit> = fc
  .tuple(text, fc.constantFrom('K3S_TOKEN=new', '# disabled', String.raw`\1=new`, String.raw`# \g<0>`))
  .map(([given, wanted]) => ({
    module: 'lineinfile',
    before: given,
    args: { regexp: '^(K3S_TOKEN)=.*', line: wanted, backrefs: true },
  }))
const blockinfile: fc.Arbitrary<Edit> = fc
  .tuple(
    fc.oneof(
      before,
      text.map((one) => `# BEGIN ANSIBLE MANAGED BLOCK\nK3S_TOKEN=old\n# END ANSIBLE MANAGED BLOCK\n${one}`),
    ),
    fc.constantFrom('K3S_TOKEN=new', 'K3S_TOKEN=new\nK3S_URL=x\n', ''),
    place,
    flag('create'),
    absent,
  )
  .map(([given, block, ...some]) => ({
    module: 'blockinfile',
    before: given,
    args: Object.assign({ block }, ...some),
  }))
const replace: fc.Arbitrary<Edit> = fc
  .tuple(
    text,
    fc.constantFrom('^K3S_TOKEN=.*$', String.raw`^(K3S_\w+)=(.*)$`, 'quince', String.raw`\n$`),
    fc.constantFrom('', 'K3S_TOKEN=new', String.raw`\1=x`, String.raw`# \g<0>`),
  )
  .filter(([, pattern, by]) => by !== String.raw`\1=x` || pattern.includes('('))
  .map(([given, pattern, by]) => ({
    module: 'replace',
    before: given,
    args: { regexp: pattern, replace: by },
  }))

const PATH = '/etc/k3s.env'

/** What an env file holds when the service starts; `unknown` where that is not followed. */
function edited({ module, args, before: given }: Edit): string | null | 'unknown' {
  const copy = (dest: string, content: string): object => ({
    'ansible.builtin.copy': { dest, content, mode: '0600' },
  })
  const tasks = [
    copy(
      '/etc/systemd/system/k3s-agent.service',
      `[Service]\nEnvironmentFile=-${PATH}\nExecStart=/usr/local/bin/k3s agent\n`,
    ),
    ...(given === null ? [] : [copy(PATH, given)]),
    { [`ansible.builtin.${module}`]: { path: PATH, ...args }, ignore_errors: true },
    { 'ansible.builtin.systemd': { name: 'k3s-agent', state: 'started' } },
  ]
  const { runs } = new Analysis(
    new Map([
      ['site.yml', stringify([{ hosts: 'boards', tasks }])],
      ['hosts.yml', 'boards: {hosts: {alder: }}\n'],
    ]),
  ).rehearsal
  const [first] = runs.filter(({ scenario }) => scenario.again !== true)
  const contents = (first?.events ?? []).flatMap((event) =>
    event.what === 'file-written' && event.path === PATH ? [event.file.content] : [],
  )
  const last = contents.at(-1)
  if (last === undefined) return null
  return typeof last === 'string' ? last : 'unknown'
}

/** To no reader of the file it makes a difference whether its last line ends. */
const ended = (text: string | null | undefined): string | null => text?.replace(/\n$/, '') ?? null

describe.each(ansibles)('as the modules of the %s leave a file', (_, bin) => {
  test.each([
    ['lineinfile', lineinfile, 500],
    ['lineinfile with backrefs', backrefs, 60],
    ['blockinfile', blockinfile, 250],
    ['replace', replace, 200],
  ] as const)('%s does on paper', (_name, arbitrary, count) => {
    const edits = fc.sample<Edit>(arbitrary, { numRuns: count, seed: 4711 })
    const file = join(scratch, 'edits.json')
    writeFileSync(file, JSON.stringify(edits))
    const { status, stdout, stderr } = run(
      join(bin, 'python'),
      [join(import.meta.dirname, '../tools/edit_files.py'), file],
      { env: ansibleEnvironment(scratch) },
    )
    expect(status, stderr).toBe(0)
    const real = JSON.parse(stdout) as readonly (string | null)[]
    const papers = edits.map(edited)
    expect(papers.filter((ours) => ours === 'unknown')).toEqual([])
    const wrong = edits.flatMap((edit, index) => {
      const ours = papers[index] ?? null
      return ended(ours) === ended(real[index]) ? [] : [{ ...edit, real: real[index], ours }]
    })
    expect(wrong.slice(0, 5)).toEqual([])
    expect(wrong).toHaveLength(0)
  })
})
