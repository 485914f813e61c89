import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Expression,
  fileTemplate,
  type Node,
  parseExpression,
  parseTemplate,
  yamlTemplate,
} from '../src/syntax/jinja/index.ts'

/** An expression with every grouping in brackets, so that a table shows what binds to what. */
function shape(node: Expression | undefined): string {
  if (node === undefined) return ''
  const given = (args: {
    positional: readonly Expression[]
    named: readonly { name: string; value: Expression }[]
  }) =>
    [...args.positional.map(shape), ...args.named.map(({ name, value }) => `${name}=${shape(value)}`)].join(
      ', ',
    )
  switch (node.kind) {
    case 'name':
      return node.name
    case 'literal':
      return node.type === 'string' ? JSON.stringify(node.value) : String(node.value)
    case 'list':
      return `[${node.items.map(shape).join(', ')}]`
    case 'tuple':
      return `(${node.items.map(shape).join(', ')},)`
    case 'dict':
      return `{${node.entries.map(({ key, value }) => `${shape(key)}: ${shape(value)}`).join(', ')}}`
    case 'attribute':
      return `${shape(node.object)}.${node.name}`
    case 'item':
      return `${shape(node.object)}[${shape(node.index)}]`
    case 'slice':
      return `${shape(node.from)}:${shape(node.to)}:${shape(node.step)}`
    case 'call':
      return `${shape(node.callee)}(${given(node.arguments)})`
    case 'filter':
      return `(${shape(node.operand)} | ${node.name}(${given(node.arguments)}))`
    case 'test':
      return `(${shape(node.operand)} is${node.negated ? ' not' : ''} ${node.name}(${given(node.arguments)}))`
    case 'unary':
      return `(${node.operator} ${shape(node.operand)})`
    case 'binary':
      return `(${shape(node.left)} ${node.operator} ${shape(node.right)})`
    case 'comparison':
      return `(${shape(node.first)}${node.rest.map(({ operator, operand }) => ` ${operator} ${shape(operand)}`).join('')})`
    case 'concatenation':
      return `(${node.parts.map(shape).join(' ~ ')})`
    case 'conditional':
      return `(${shape(node.value)} if ${shape(node.condition)} else ${shape(node.otherwise)})`
    case 'opaque':
      return `?${node.message}?`
  }
}

test.each([
  ['a or b and not c', '(a or (b and (not c)))'],
  ['not a in b', '(not (a in b))'],
  ['a not in b', '(a not in b)'],
  ['1 < a <= 3', '(1 < a <= 3)'],
  ['a + b * c ** d ** e', '(a + (b * ((c ** d) ** e)))'],
  ['-a ** 2', '((- a) ** 2)'],
  ['-a.b | abs', '((- a.b) | abs())'],
  ['a ~ b + c ~ d', '((a ~ b) + (c ~ d))'],
  ['a ~ b * c', '(a ~ (b * c))'],
  ['a | ansible.utils.ipwrap', '(a | ansible.utils.ipwrap())'],
  ["a | default('x', true) | upper", '((a | default("x", true)) | upper())'],
  ['a + b | int', '(a + (b | int()))'],
  ['a if b else c if d else e', '(a if b else (c if d else e))'],
  ['a if b', '(a if b else )'],
  ['a is defined and b is not none', '((a is defined()) and (b is not none()))'],
  ["a is version('1', '<')", '(a is version("1", "<"))'],
  ['a is sameas b.c', '(a is sameas(b.c))'],
  ['a is divisibleby 3 or b', '((a is divisibleby(3)) or b)'],
  ['a is in [1]', '(a is in([1]))'],
  ['a is ansible.builtin.match("x")', '(a is ansible.builtin.match("x"))'],
  ['a[1:]', 'a[1::]'],
  ['a[::-1]', 'a[::(- 1)]'],
  ['a[:n].b', 'a[:n:].b'],
  ['a.0.b', 'a[0].b'],
  ["a['b'][c].d(1, k=2)", 'a["b"][c].d(1, k=2)'],
  ['a.b()[0]', 'a.b()[0]'],
  ['[1, [2,], (3,), ()]', '[1, [2], (3,), (,)]'],
  ["{'a': 1, b: {}}", '{"a": 1, b: {}}'],
  ['1, 2', '(1, 2,)'],
  ['\'a\' "b"', '"ab"'],
  ['0x1f + 1_0 + 1.5e3', '((31 + 10) + 1500)'],
  ['True and none', '(true and null)'],
  ["groups['k3s_server'][0] != inventory_hostname", '(groups["k3s_server"][0] != inventory_hostname)'],
  ["x.stdout_lines[0].split(' ')[2]", 'x.stdout_lines[0].split(" ")[2]'],
])('%s is read as %s', (text, expected) => {
  const { expression, faults } = parseExpression(text)
  expect(faults).toEqual([])
  expect(shape(expression)).toBe(expected)
})

test.each([
  ['a and', 5],
  ['a b', 2],
  ['(a', 0],
  ['a)', 1],
  ["'a", 0],
  ['a ? b', 2],
  ['a | ', 4],
  ['a is b is c', 7],
  ['{a 1}', 3],
  ['f(a=1, b)', 7],
  ["'\\x1'", 0],
  ['', 0],
  ['a || b', 3],
])('%s is refused at offset %i', (text, offset) => {
  const { expression, faults } = parseExpression(text)
  expect(expression.kind).toBe('opaque')
  expect(faults.map(({ start }) => start)).toEqual([offset])
})

describe('backslashes', () => {
  const stringOf = (text: string, options = yamlTemplate): unknown => {
    const [node] = parseTemplate(text, options).body
    const expression =
      node?.kind === 'output' ? node.expression : node?.kind === 'set' ? node.value : undefined
    return expression?.kind === 'literal' ? expression.value : expression
  }

  test('stand for themselves in {{ }} of a template in YAML', () => {
    expect(stringOf(String.raw`{{ 'a\tb\'c' }}`)).toBe(String.raw`a\tb\'c`)
  })
  test('are escapes in {% %} of a template in YAML', () => {
    expect(stringOf(String.raw`{% set x = 'a\tb\'c' %}`)).toBe("a\tb'c")
  })
  test('are escapes in a template file', () => {
    expect(stringOf(String.raw`{{ '\u00fc\x41\101\d' }}`, fileTemplate)).toBe(String.raw`üAA\d`)
  })
})

/** Statement kinds with their bodies: `if(text for(output))`. */
const outline = (nodes: readonly Node[]): string =>
  nodes
    .map((node) => {
      if (node.kind === 'if')
        return `if(${[...node.branches.map(({ body }) => outline(body)), ...(node.otherwise === undefined ? [] : [outline(node.otherwise)])].join(' / ')})`
      return 'body' in node && node.body.length > 0 ? `${node.kind}(${outline(node.body)})` : node.kind
    })
    .join(' ')

test.each([
  ['a{{ b }}c', 'text output text'],
  ['{% if a %}x{% elif b %}y{% else %}z{% endif %}', 'if(text / text / text)'],
  ['{% for a, b in c if d %}{{ a }}{% endfor %}', 'for(output)'],
  ['{% set a = 1 %}{% set b %}x{% endset %}', 'set setBlock(text)'],
  ['{% with a = 1 %}x{% endwith %}{# note #}', 'with(text) comment'],
  ['{% filter upper %}x{% endfilter %}', 'filterBlock(text)'],
  ['{% macro m(a, b=1) %}x{% endmacro %}{% call m(1) %}y{% endcall %}', 'macro(text) callBlock(text)'],
  [
    "{% include 'a' ignore missing %}{% import 'b' as c %}{% from 'd' import e as f, g with context %}",
    'include import from',
  ],
  ["{% extends 'a' %}{% block b %}x{% endblock b %}", 'extends block(text)'],
  ['{% raw %}{{ a }}{% endraw %}', 'text'],
  ['{% if a %}{% for b in c %}{{ b }}{% endfor %}{% endif %}', 'if(for(output))'],
])('%s is %s', (text, expected) => {
  const { body, faults } = parseTemplate(text)
  expect(faults).toEqual([])
  expect(outline(body)).toBe(expected)
})

describe('what can not be read', () => {
  test.each([
    ['{{ a', 'opaque', ['a tag without an end']],
    ['x {{ a b }} y', 'text opaque text', ['unexpected text behind the expression']],
    ['{{ $a }} {{ b }}', 'opaque text output', ['an unexpected character']],
    ['{% if a %}x', 'if(text)', ['if without endif']],
    ['{% if ( %}x{% endif %}', 'opaque text opaque', undefined],
    ['{% if + %}x{% endif %}', 'if(text)', undefined],
    ['{% if a b %}x{% endif %}', 'if(text)', ['unexpected text behind the expression']],
    ['{% endif %}', 'opaque', ['endif without its beginning']],
    ['{% nosuch %}{{ a }}', 'opaque output', ['an unknown statement']],
    ['{# never closed', 'opaque', ['a comment without an end']],
    ['{% raw %}x', 'opaque', ['raw without endraw']],
    ["{{ 'a }}\n{{ b }}", 'opaque text output', ['a string without an end']],
  ] as const)('%s leaves the rest readable', (text, expected, messages) => {
    const { body, faults } = parseTemplate(text)
    expect(outline(body)).toBe(expected)
    expect(faults.length).toBeGreaterThan(0)
    if (messages !== undefined) expect(faults.map(({ message }) => message)).toEqual(messages)
  })

  test('nesting without an end is refused, not followed', () => {
    expect(parseExpression('('.repeat(20_000)).faults).toHaveLength(1)
    expect(parseExpression(`${'['.repeat(5000)}${']'.repeat(5000)}`).faults).toHaveLength(1)
    expect(parseExpression(`1${' + 1'.repeat(20_000)}`).faults).toHaveLength(1)
    expect(parseExpression(`a${'.b'.repeat(20_000)}`).faults).toHaveLength(1)
    expect(parseExpression(`${'not '.repeat(5000)}a`).faults).toHaveLength(1)
    expect(parseTemplate('{% if a %}'.repeat(5000)).faults.length).toBeGreaterThan(0)
  })

  // With quadratic cost each of these takes minutes, and the runner's time limit ends it.
  test.each([
    ['open brackets', '{{ ('.repeat(200_000)],
    ['white space', ' '.repeat(2_000_000).concat('{{- a }}')],
    ['statements', '{% if x %}a{% endif %}b'.repeat(20_000)],
  ])('many %s are read to the end', (_, text) => {
    expect(parseTemplate(text).body.at(-1)?.end).toBe(text.length)
  })

  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '-',
    '+',
    ' ',
    '\n',
    '\r\n',
    'if',
    'endif',
    'for',
    'in',
    'set',
    'raw',
    'endraw',
    'a',
    '.',
    '|',
    '(',
    ')',
    '[',
    ']',
    "'",
    '"',
    '\\',
    '1',
    '~',
    'is',
    'not',
    'else',
    '\u0000',
    '😀',
  )

  test('any text is read without a throw, with offsets inside of it and in order', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        for (const options of [yamlTemplate, { ...fileTemplate, lstripBlocks: true, trimBlocks: false }]) {
          const { body, faults } = parseTemplate(text, options)
          let at = 0
          for (const { start, end } of body) {
            expect(start).toBeGreaterThanOrEqual(at)
            expect(end).toBeGreaterThanOrEqual(start)
            at = end
          }
          expect(at).toBeLessThanOrEqual(text.length)
          for (const { start, end } of faults) {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(end).toBeLessThanOrEqual(text.length)
          }
        }
        parseExpression(text)
      }),
      { numRuns: 1500 },
    )
  })

  test('text without tags stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/\{[{%#]/.test(text))
        const { body, faults } = parseTemplate(text, { ...fileTemplate, keepTrailingNewline: true })
        expect(faults).toEqual([])
        expect(body.map((node) => (node.kind === 'text' ? node.text : '?')).join('')).toBe(
          text.replace(/\r\n?/g, '\n'),
        )
      }),
    )
  })
})

test('offsets point at the text of each expression', () => {
  const text = "x: {{ harbour.berth | default('q') }} {% if a is not foo.bar(1) %}{% endif %}"
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('kind' in value && 'start' in value && 'end' in value)
      found.push(text.slice(Number(value.start), Number(value.end)))
    for (const child of Object.values(value)) visit(child)
  }
  visit(parseTemplate(text).body)
  expect(found).toEqual([
    'x: ',
    "{{ harbour.berth | default('q') }}",
    "harbour.berth | default('q')",
    'harbour.berth',
    'harbour',
    "'q'",
    ' ',
    '{% if a is not foo.bar(1) %}{% endif %}',
    'a is not foo.bar(1)',
    'a',
    '1',
  ])
})
