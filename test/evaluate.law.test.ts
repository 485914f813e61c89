import { describe, expect, test } from 'vitest'
import { renderTemplate } from '../src/ansible/template/index.ts'
import { Undefined, Unknown, type Value } from '../src/ansible/template/values.ts'
import type { AnsibleValue } from '../src/ansible/value.ts'
import { Atoms } from '../src/flow/atoms.ts'
import { type EvaluationScope, evaluator } from '../src/flow/evaluate/index.ts'
import { alike, refused } from './peers/template/expressions.ts'
import { corpusScope } from './peers/template/scope.ts'
import { templates } from './peers/template/templates.ts'

const at = { path: 'roles/quay/tasks/main.yml', start: 0, end: 1 }
const newer = new Map([['ansible-core is 2.19 or newer', true]])

/** The corpus of the concrete evaluator, every text of its variables followed. */
function markedScope(): EvaluationScope {
  const names = [...corpusScope.variables.keys()]
  const scope: EvaluationScope = {
    atoms: new Atoms(),
    decisions: newer,
    hostNames: ['larch-host'],
    hostScope: () => scope,
    lookup: (plugin) => new Unknown(`lookup('${plugin}')`, 'no lookups here'),
    variable: (name) => {
      const raw: AnsibleValue | undefined = corpusScope.variables.get(name)
      return raw === undefined
        ? undefined
        : { raw, at: { path: 'group_vars/all.yml', start: names.indexOf(name), end: 1 } }
    },
  }
  return scope
}

const scope = markedScope()
const expanded = (value: Value): unknown =>
  typeof value === 'string' ? (scope.atoms.plain(value) ?? 'not known') : value

describe('with every text followed, expressions come out as Ansible prints them', () => {
  test.each(alike.map(([expression, text]) => [expression, text] as const))('%s', (expression, text) => {
    const result = evaluator(scope).template('corpus.j2', `@{{ ${expression} }}@\n`)
    expect(expanded(result)).toBe(`@${text}@\n`)
  })

  test.each(Object.entries(templates))('the template %s', (name, text) => {
    const result = evaluator(scope).template(`${name}.j2`, text)
    expect(expanded(result)).toBe(renderTemplate(`${name}.j2`, text, corpusScope).text)
  })
})

describe('what Ansible refuses has no value', () => {
  test.each(refused.map((expression) => [expression]))('%s', (expression) => {
    const result = evaluator(scope).value(`{{ ${expression} }}`, at)
    const isText = typeof result === 'string' && scope.atoms.plain(result) !== undefined
    expect(
      isText || !(typeof result === 'string' || result instanceof Undefined || result instanceof Unknown),
    ).toBe(false)
  })
})
