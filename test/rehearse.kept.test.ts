import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Atom, Atoms } from '../src/flow/atoms.ts'
import type { EvaluationScope, ScopeVariable } from '../src/flow/evaluate/index.ts'
import { rendered } from '../src/flow/rehearse/renderings.ts'
import { Unknown } from '../src/flow/unknown.ts'
import { projectNames, readProject } from './projects/expectation.ts'

afterEach(() => {
  vi.doUnmock('../src/flow/remembered.ts')
  vi.doUnmock('../src/flow/rehearse/renderings.ts')
  vi.resetModules()
})

/** All that the rehearsals of the projects show, as text: places, hops, events and what is known of every token. */
async function rehearsals(): Promise<Readonly<Record<string, string>>> {
  const { Analysis } = await import('../src/lint/analysis.ts')
  return Object.fromEntries(
    projectNames.map((name) => {
      const { atoms, verdicts, runs, tokens, unknowns, bounds } = new Analysis(readProject(name)).rehearsal
      return [name, inWords({ verdicts, runs, tokens, unknowns, bounds }, atoms)]
    }),
  )
}

const isAtom = (value: object): value is Atom => 'isFilled' in value && 'root' in value

const inWords = (value: unknown, atoms: Atoms): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'string') return atoms.traced(part).text
    if (typeof part === 'bigint') return String(part)
    if (part instanceof Map || part instanceof Set) return [...part]
    if (typeof part !== 'object' || part === null || !isAtom(part)) return part
    return [part.kind, part.what, part.text, part.root.what]
  })

test('what is kept from scenario to scenario changes nothing', async () => {
  const kept = await rehearsals()
  vi.resetModules()
  vi.doMock('../src/flow/remembered.ts', () => ({
    Remembered: class {
      get(_atoms: Atoms, _from: readonly unknown[], find: () => unknown): unknown {
        return find()
      }
    },
  }))
  vi.doMock('../src/flow/rehearse/renderings.ts', async () => {
    const { evaluator } = await import('../src/flow/evaluate/index.ts')
    return {
      rendered: (path: string, text: string, scope: EvaluationScope) => evaluator(scope).template(path, text),
    }
  })
  expect(await rehearsals()).toEqual(kept)
})

describe('a template', () => {
  const calls: string[] = []
  const at = { path: 'vars.yml', start: 0, end: 1 }

  const hostOf = (
    atoms: Atoms,
    variables: Readonly<Record<string, ScopeVariable>>,
    others: Readonly<Record<string, Readonly<Record<string, ScopeVariable>>>> = {},
    decisions: ReadonlyMap<string, boolean> = new Map(),
  ): EvaluationScope => ({
    atoms,
    decisions,
    hostNames: Object.keys(others),
    variable: (name) => variables[name],
    hostScope: (host) =>
      others[host] === undefined ? undefined : hostOf(atoms, others[host], others, decisions),
    lookup: (plugin) => `${plugin} ${calls.push(plugin)}`,
  })

  const twice = (template: string, first: (atoms: Atoms) => EvaluationScope, second: typeof first) => {
    const atoms = new Atoms()
    return [first, second].map((scope) => {
      const result = rendered('harbour.j2', template, scope(atoms))
      return typeof result === 'string' ? atoms.traced(result).text : `unknown: ${result.constructor.name}`
    })
  }

  test('is rendered once where all answers are the same', () => {
    const atoms = new Atoms()
    const scope = (): EvaluationScope =>
      hostOf(atoms, { berth: { raw: '{{ pier }}', at }, pier: { raw: 'quay', at } })
    const first = rendered('harbour.j2', '{{ berth }}', scope())
    const root = vi.spyOn(atoms, 'root')
    expect(rendered('harbour.j2', '{{ berth }}', scope())).toBe(first)
    expect(root).not.toHaveBeenCalled()
    rendered('harbour.j2', '{{ berth }} ', scope())
    expect(root).toHaveBeenCalled()
  })

  test.each<[string, string, (atoms: Atoms) => EvaluationScope, (atoms: Atoms) => EvaluationScope, string[]]>(
    [
      [
        'another value',
        '{{ berth }}',
        (atoms) => hostOf(atoms, { berth: { value: 'a' } }),
        (atoms) => hostOf(atoms, { berth: { value: 'b' } }),
        ['a', 'b'],
      ],
      [
        'another value behind a variable',
        '{{ berth }}',
        (atoms) => hostOf(atoms, { berth: { raw: '{{ pier }}', at }, pier: { value: 'a' } }),
        (atoms) => hostOf(atoms, { berth: { raw: '{{ pier }}', at }, pier: { value: 'b' } }),
        ['a', 'b'],
      ],
      [
        'a variable that is set only later',
        "{{ berth | default('none') }}",
        (atoms) => hostOf(atoms, {}),
        (atoms) => hostOf(atoms, { berth: { value: 'b' } }),
        ['none', 'b'],
      ],
      [
        'another value of another host',
        "{{ hostvars['quay'].berth }}",
        (atoms) => hostOf(atoms, {}, { quay: { berth: { value: 'a' } } }),
        (atoms) => hostOf(atoms, {}, { quay: { berth: { value: 'b' } } }),
        ['a', 'b'],
      ],
      [
        'another decision',
        '{% if fog %}a{% else %}b{% endif %}',
        (atoms) =>
          hostOf(atoms, { fog: { value: new Unknown('fog', 'a fact') } }, {}, new Map([['fog', true]])),
        (atoms) =>
          hostOf(atoms, { fog: { value: new Unknown('fog', 'a fact') } }, {}, new Map([['fog', false]])),
        ['a', 'b'],
      ],
      [
        'another list of hosts',
        "{{ hostvars | list | join(' ') }}",
        (atoms) => hostOf(atoms, {}, { quay: {} }),
        (atoms) => hostOf(atoms, {}, { pier: {} }),
        ['quay', 'pier'],
      ],
      [
        'what is looked up each time',
        "{{ lookup('env', 'BERTH') }}",
        (atoms) => hostOf(atoms, {}),
        (atoms) => hostOf(atoms, {}),
        ['env 1', 'env 2'],
      ],
    ],
  )('is rendered anew for %s', (_, template, first, second, expected) => {
    expect(twice(template, first, second)).toEqual(expected)
  })

  test('hangs on what members of an unknown value say', () => {
    const facts = (zone: string) => (atoms: Atoms) =>
      hostOf(atoms, { facts: { value: new Unknown('facts', 'a fact', undefined, undefined, () => zone) } })
    expect(twice('{{ facts.zone }}', facts('a'), facts('b'))).toEqual(['a', 'b'])
  })
})
