import { expect, test } from 'vitest'
import {
  evaluateExpression,
  renderTemplate,
  type TemplateScope,
  variableText,
} from '../src/ansible/template/index.ts'
import { type AnsibleValue, VaultedText } from '../src/ansible/value.ts'
import { UserError } from '../src/errors.ts'
import { Secret } from '../src/secret.ts'
import { alike, differing, refused } from './peers/template/expressions.ts'
import { corpusScope } from './peers/template/scope.ts'

// What the real Ansible prints for the same expressions is compared in test/peers/template.test.ts.
test.each([...alike, ...differing.map(({ expression, newest }) => [expression, newest] as const)])(
  '{{ %s }} is %j',
  (expression, text) => {
    expect(renderTemplate('a.j2', `@{{ ${expression} }}@\n`, corpusScope).text).toBe(`@${text}@\n`)
  },
)

test.each(refused)('{{ %s }} is refused', (expression) => {
  expect(() => renderTemplate('a.j2', `@{{ ${expression} }}@`, corpusScope)).toThrow(
    expect.objectContaining({ name: 'UserError' }),
  )
})

const marker = 'marker-tide-4711'
const sealed = new VaultedText('$ANSIBLE_VAULT;1.1;AES256\n00', { path: 'inventory.yml', start: 0, end: 1 })

function scope(variables: Readonly<Record<string, AnsibleValue>>): TemplateScope & { opened: number } {
  const made = {
    opened: 0,
    variables: new Map(Object.entries(variables)),
    decrypt: () => {
      made.opened += 1
      return new Secret(marker)
    },
    placeOf: (name: string) => `group_vars/all.yml:${name.length}:1`,
  }
  return made
}

const faultOf = (source: string, variables: Readonly<Record<string, AnsibleValue>>): UserError => {
  try {
    renderTemplate('templates/pier.j2', source, scope(variables))
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test.each<[string, Record<string, AnsibleValue>, string, RegExp]>([
  ['a\nb {{ harbour_key }}\n', {}, 'templates/pier.j2:2:6', /^'harbour_key' is undefined$/],
  ['{{ pier.light }}', { pier: {} }, 'templates/pier.j2:1:4', /^'pier\.light' is undefined$/],
  ['{{ a + 1 }}', { a: 'x' }, 'templates/pier.j2:1:4', /\+ can't take a str and a int/],
  ['x {{ a', {}, 'templates/pier.j2:1:3', /a tag without an end/],
  ['{% if a %}', { a: 1 }, 'templates/pier.j2:1:1', /if without endif/],
  ['{{ a | nosuch }}', { a: 1 }, 'templates/pier.j2:1:4', /the filter nosuch is not supported/],
  ["{{ lookup('env', 'HARBOUR') }}", {}, 'templates/pier.j2:1:4', /lookup\(…\) is not supported/],
  ["{% include 'x' %}", {}, 'templates/pier.j2:1:1', /\{% include %\} is not supported/],
  ['{% macro m() %}{% endmacro %}', {}, 'templates/pier.j2:1:1', /\{% macro %\} is not supported/],
  [
    '{{ outer }}',
    { outer: '{{ inner }}', inner: '{{ 1 // 0 }}' },
    'templates/pier.j2:1:4',
    /in the variable inner \(group_vars\/all\.yml:5:1\): a division by zero/,
  ],
  ['{{ a }}', { a: '{{ b }}', b: '{{ a }}' }, 'templates/pier.j2:1:4', /a → b → a/],
  ['{{ a }}', { a: ['{{ a[0] }}'] }, 'templates/pier.j2:1:1', /without an end|leads back/],
  ['{{ a.encode() }}', { a: 'x' }, 'templates/pier.j2:1:4', /the method encode is not supported/],
  ['#jinja2: nosuch: 1\n', {}, 'templates/pier.j2:1:1', /the key nosuch/],
])('%s: says where and why', (source, variables, at, message) => {
  const fault = faultOf(source, variables)
  expect(fault.at).toBe(at)
  expect(fault.message).toMatch(message)
  expect(fault.fix).not.toBe('')
})

test('an unknown fact has a cure of its own', () => {
  expect(faultOf('{{ ansible_hostname }}', {}).fix).toMatch(/does not ask nodes/)
})

test('a vaulted value is opened only where its text is needed', () => {
  const variables = { vault_pier: sealed, pier: '{{ vault_pier }}', list: [sealed] }
  const untouched = scope(variables)
  expect(renderTemplate('a.j2', '{{ "x" if pier is defined }}{{ list | length }}\n', untouched).text).toBe(
    'x1\n',
  )
  expect(untouched.opened).toBe(0)
  const read = scope(variables)
  const { text } = renderTemplate('a.j2', 'K={{ pier | quote }} {{ list }}\n', read)
  expect(text).toBeInstanceOf(Secret)
  expect(text instanceof Secret && text.reveal()).toBe(`K=${marker} ['${marker}']\n`)
  expect(read.opened).toBe(1)
})

test.each([
  '{{ vault_pier | int(base="x") }}',
  '{{ vault_pier + 1 }}',
  '{{ vault_pier.nosuch }}',
  '{{ vault_pier | from_json }}',
  '{{ vault_pier is version("1.2", "<", strict=true) }}',
  '{{ vault_pier | mandatory(vault_pier) | nosuch }}',
  '{{ pier[vault_pier] }}',
  "{{ '%d' % vault_pier }}",
  '{{ vault_pier() }}',
  '{% for a, b in [vault_pier] %}{% endfor %}',
])('the words about %s hold no secret', (source) => {
  const fault = faultOf(source, { vault_pier: sealed, pier: { a: 1 } })
  expect(`${fault.message} ${fault.fix} ${fault.at} ${fault.stack} ${String(fault.cause)}`).not.toContain(
    marker,
  )
})

test('what a vault holds is no template', () => {
  const opened: TemplateScope = {
    ...scope({ vault_pier: sealed }),
    decrypt: () => new Secret('a{{ 1 + 1 }}b'),
  }
  const { text } = renderTemplate('a.j2', '{{ vault_pier }}!', opened)
  expect(text instanceof Secret && text.reveal()).toBe('a{{ 1 + 1 }}b!')
})

test('a bare expression has a value', () => {
  expect(evaluateExpression('play.yml', "harbour == 'larch' and quay | length > 3", corpusScope)).toBe(true)
  expect(() => evaluateExpression('play.yml', 'nowhere', corpusScope)).toThrow("'nowhere' is undefined")
})

test('the text of a variable, where it has one', () => {
  expect(variableText('chained', corpusScope)).toEqual({ type: 'str', text: 'larch-7' })
  expect(variableText('native_number', corpusScope)).toEqual({ type: 'int', text: '8' })
  expect(variableText('undefined_inside', corpusScope)).toBeUndefined()
  expect(variableText('nowhere', corpusScope)).toBeUndefined()
  expect(variableText('lookup', corpusScope)).toBeUndefined()
  expect(variableText('nothing', corpusScope)?.type).toBe('NoneType')
  expect(variableText('vault_pier', scope({ vault_pier: sealed }))?.text).toBeInstanceOf(Secret)
  const whole = { ...scope({ pier: 'x', bow: '{{ pier }}' }), secretVariables: new Set(['pier']) }
  expect(variableText('bow', whole)?.text).toBeInstanceOf(Secret)
})

test('hosts see each other through hostvars, each with its own variables', () => {
  const hosts = ['larch', 'elm']
  const scopeOf = (name: string): TemplateScope => ({
    variables: new Map<string, AnsibleValue>([
      ['inventory_hostname', name],
      ['berth', name.length],
      ['greeting', '{{ inventory_hostname }}:{{ berth }}'],
    ]),
    decrypt: () => new Secret(marker),
    hosts: { names: hosts, scopeOf },
  })
  expect(
    renderTemplate(
      'a.j2',
      "{{ greeting }} {{ hostvars['elm'].greeting }} {{ hostvars | list }} ",
      scopeOf('larch'),
    ).text,
  ).toBe("larch:5 elm:3 ['larch', 'elm'] ")
})

test.each([
  ['2001:DB8:0:0:0:0:0:1', '[2001:db8::1]'],
  ['::', '[::]'],
  ['fe80::1/64', '[fe80::1]/64'],
  ['::ffff:192.0.2.1', '[::ffff:192.0.2.1]'],
  ['1:0:0:2:0:0:0:3', '[1:0:0:2::3]'],
  ['192.0.2.1', '192.0.2.1'],
  ['pier.example', 'pier.example'],
  ['2001:db8::g', '2001:db8::g'],
  ['1::2::3', '1::2::3'],
  ['', ''],
])('ansible.utils.ipwrap makes of %s %s', (address, expected) => {
  expect(renderTemplate('a.j2', '{{ address | ansible.utils.ipwrap }}|', scope({ address })).text).toBe(
    `${expected}|`,
  )
})

test('a loop that prints without an end is stopped', () => {
  const source = '{% for a in range(2000) %}{% for b in range(2000) %}x{% endfor %}{% endfor %}'
  expect(faultOf(source, {}).message).toMatch(/without an end/)
})
