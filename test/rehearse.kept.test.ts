import { afterEach, describe, expect, test, vi } from 'vitest'
import { List } from '../src/ansible/template/values.ts'
import { type Atom, Atoms } from '../src/flow/atoms.ts'
import {
  type EvaluationScope,
  evaluator,
  Pending,
  Result,
  type ScopeVariable,
  UnknownTruth,
} from '../src/flow/evaluate/index.ts'
import { Unknown } from '../src/flow/unknown.ts'
import { projectNames, readProject } from './projects/expectation.ts'

afterEach(() => {
  vi.doUnmock('../src/flow/remembered.ts')
  vi.doUnmock('../src/flow/evaluate/kept.ts')
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
  vi.doMock('../src/flow/evaluate/kept.ts', () => ({
    kept: (_atoms: Atoms, _place: unknown, _what: unknown, _isAsBefore: unknown, run: () => unknown) => run(),
  }))
  expect(await rehearsals()).toEqual(kept)
})

type Variables = Readonly<Record<string, ScopeVariable>>

function scopeOf(
  atoms: Atoms,
  variables: Variables,
  decisions: ReadonlyMap<string, boolean> = new Map(),
  others: Readonly<Record<string, Variables>> = {},
  lookup: EvaluationScope['lookup'] = () => null,
): EvaluationScope {
  return {
    atoms,
    decisions,
    hostNames: Object.keys(others),
    variable: (name) => variables[name],
    hostScope: (host) =>
      others[host] === undefined ? undefined : scopeOf(atoms, others[host], decisions, others, lookup),
    lookup,
  }
}

describe('a template', () => {
  const calls: string[] = []
  const at = { path: 'vars.yml', start: 0, end: 1 }

  const hostOf = (
    atoms: Atoms,
    variables: Variables,
    others: Readonly<Record<string, Variables>> = {},
    decisions: ReadonlyMap<string, boolean> = new Map(),
  ): EvaluationScope =>
    scopeOf(atoms, variables, decisions, others, (plugin) => `${plugin} ${calls.push(plugin)}`)

  const twice = (template: string, first: (atoms: Atoms) => EvaluationScope, second: typeof first) => {
    const atoms = new Atoms()
    return [first, second].map((scope) => {
      const result = evaluator(scope(atoms)).template('harbour.j2', template)
      return typeof result === 'string' ? atoms.traced(result).text : `unknown: ${result.constructor.name}`
    })
  }

  test('is rendered once where all answers are the same', () => {
    const atoms = new Atoms()
    const scope = (): EvaluationScope =>
      hostOf(atoms, { berth: { raw: '{{ pier }}', at }, pier: { raw: 'quay', at } })
    const first = evaluator(scope()).template('harbour.j2', '{{ berth }}')
    const root = vi.spyOn(atoms, 'root')
    expect(evaluator(scope()).template('harbour.j2', '{{ berth }}')).toBe(first)
    expect(root).not.toHaveBeenCalled()
    evaluator(scope()).template('harbour.j2', '{{ berth }} ')
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

describe('a text of a task', () => {
  const at = { path: 'tasks.yml', start: 0, end: 1 }

  const result = (members: Readonly<Record<string, string | Unknown>>): ScopeVariable => ({
    value: new Unknown('found', 'the result of a task', undefined, undefined, (key) => members[key]),
  })

  test('is looked at once where all answers are the same', () => {
    const atoms = new Atoms()
    const root = vi.spyOn(atoms, 'root')
    const berths = { quay: { raw: 'quay', at }, dock: { raw: 'dock', at: { ...at, start: 9 } } }
    const outcomes = (['quay', 'quay', 'dock', 'quay'] as const).map((zone) =>
      evaluator(scopeOf(atoms, { pier: { raw: '{{ berth }}', at }, berth: berths[zone] })).condition(
        "pier == 'quay'",
        at,
      ),
    )
    expect(outcomes).toEqual([true, true, false, true])
    // Once for each of the two texts.
    expect(root).toHaveBeenCalledTimes(2)
  })

  test('is another one at another place, and as another kind', () => {
    const atoms = new Atoms()
    const evaluate = evaluator(scopeOf(atoms, { pier: { value: 'no' } }))
    expect(evaluate.value('{{ pier }}', at)).toBe('no')
    expect(evaluate.condition('{{ pier }}', at)).not.toBe('no')
    const other = evaluate.value('{{ berth }}', at)
    expect(other).not.toBe('no')
  })

  test('hangs on the members that were asked for, and on no others', () => {
    const atoms = new Atoms()
    const outcome = (members: Readonly<Record<string, string>>): unknown =>
      evaluator(scopeOf(atoms, { found: result(members) })).condition("found.rc == '0'", at)
    expect([
      outcome({ rc: '0', stdout: 'a' }),
      outcome({ rc: '0', stdout: 'b' }),
      outcome({ rc: '1' }),
    ]).toEqual([true, true, false])
  })

  test('of what a task returned is looked at once where its members are the same', () => {
    const atoms = new Atoms()
    const root = vi.spyOn(atoms, 'root')
    const outcome = (rc: string): unknown => {
      const known = new Map([['rc', rc]])
      const found = { value: new Result('found', known, (key) => known.get(key)) }
      return evaluator(scopeOf(atoms, { found, wanted: { raw: 'larch', at } })).condition(
        'found.rc == wanted',
        at,
      )
    }
    expect([outcome('larch'), outcome('larch'), outcome('elm')]).toEqual([true, true, false])
    // Once for each of the two results.
    expect(root).toHaveBeenCalledTimes(2)
    const whole = { found: { value: new Result('found', new Map(), () => undefined) } }
    expect(evaluator(scopeOf(atoms, whole)).condition('found is defined', at)).toBe(true)
  })

  test('that hands on what is known in part is worked out anew: its members are asked for only later', () => {
    const atoms = new Atoms()
    const handedOn = (members: Readonly<Record<string, string>>): unknown => {
      const evaluate = evaluator(scopeOf(atoms, { found: result(members) }))
      const whole = evaluate.variable('berth', '{{ found }}', at)
      const inList = evaluate.value('{{ [found] }}', at)
      const next = evaluator(scopeOf(atoms, { berth: { value: whole }, berths: { value: inList } }))
      return ['{{ berth.stdout }}', '{{ berths[0].stdout }}'].map((text) => next.value(text, at))
    }
    expect(handedOn({ stdout: 'a' })).toEqual(['a', 'a'])
    expect(handedOn({ stdout: 'b' })).toEqual(['b', 'b'])
  })

  test('that hands on the variables of hosts is worked out anew', () => {
    const atoms = new Atoms()
    const berth = (zone: string): unknown => {
      const scope = scopeOf(atoms, {}, new Map(), { quay: { zone: { value: zone } } })
      const whole = evaluator(scope).value('{{ hostvars }}', at)
      return evaluator(scopeOf(atoms, { all: { value: whole } })).value('{{ all.quay.zone }}', at)
    }
    expect([berth('a'), berth('b')]).toEqual(['a', 'b'])
  })

  test('hangs on what the world has decided', () => {
    const atoms = new Atoms()
    const outcome = (decisions: ReadonlyMap<string, boolean>): unknown =>
      evaluator(scopeOf(atoms, { fog: { value: new Unknown('fog', 'a fact') } }, decisions)).condition(
        "fog == 'thick'",
        at,
      )
    expect(outcome(new Map())).toBeInstanceOf(Unknown)
    expect(outcome(new Map([["fog == 'thick'", true]]))).toBe(true)
    expect(outcome(new Map([["fog == 'thick'", false]]))).toBe(false)
    expect(outcome(new Map())).toBeInstanceOf(Unknown)
  })

  test('compares lists and dicts by what they hold', () => {
    const atoms = new Atoms()
    const outcome = (...berths: readonly string[]): unknown =>
      evaluator(scopeOf(atoms, { berths: { value: new List(berths) } })).condition("'quay' in berths", at)
    expect([outcome('quay', 'dock'), outcome('quay', 'dock'), outcome('dock')]).toEqual([true, true, false])
  })

  test('of what hangs on a condition is looked at once where both of its ways are the same', () => {
    const atoms = new Atoms()
    const outcome = (fog: string, yes: string, no: string): unknown => {
      const when = new UnknownTruth(fog, 'a fact', at, undefined, {
        by: 'not',
        of: [new Unknown(fog, 'a fact')],
      })
      const sides = { when, yes: new List([yes]), no: new List([no]) }
      const berths = { value: new Pending('berths', when.why, at, when, sides) }
      return evaluator(scopeOf(atoms, { berths })).value("{{ berths + ['mole'] }}", at)
    }
    const first = outcome('fog', 'quay', 'dock')
    expect(first).toBeInstanceOf(Unknown)
    expect(outcome('fog', 'quay', 'dock')).toBe(first)
    for (const other of [
      outcome('rain', 'quay', 'dock'),
      outcome('fog', 'pier', 'dock'),
      outcome('fog', 'quay', 'pier'),
    ])
      expect(other).not.toBe(first)
  })

  test('that changes a list is worked out each time', () => {
    const atoms = new Atoms()
    const text = '{% set berths = [1] %}{{ berths.append(2) }}{{ berths | length }}'
    const outcomes = [1, 2].map(() => evaluator(scopeOf(atoms, {})).value(text, at))
    expect(outcomes).toEqual([outcomes[0], outcomes[0]])
  })

  test('of a part of a variable hangs on that part, whoever looked at it first', () => {
    const atoms = new Atoms()
    const outcome = (zone: string): unknown => {
      const evaluate = evaluator(
        scopeOf(atoms, {
          pier: { raw: { first: '{{ zone }}', second: 'dock' }, at },
          zone: { value: zone },
        }),
      )
      const place = { ...at, start: 5 }
      evaluate.value('{{ pier.first }}', at)
      return evaluate.value('{{ pier.first }} and {{ pier.second }}', place)
    }
    const place = outcome('a')
    expect(outcome('b')).not.toEqual(place)
  })
})
