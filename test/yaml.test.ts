import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { positionAt } from '../src/span.ts'
import { Float, VaultedText } from '../src/syntax/value.ts'
import { entryOf, parseYaml, type YamlMap, yamlValue } from '../src/syntax/yaml.ts'
import { addEntries, addToMap, blockLines, splice, yamlString } from '../src/syntax/yamlEdit.ts'

function read(text: string): { value: unknown; faults: string[] } {
  const { root, faults } = parseYaml('quay.yml', text)
  return {
    value: root === undefined ? undefined : yamlValue(root),
    faults: faults.map(
      ({ at, severity = 'error', message }) => `${severity} ${positionAt(text, at.start).line}: ${message}`,
    ),
  }
}

/** The values are those that ansible-inventory 2.14 and 2.21 print. */
test.each([
  ['0644', 420],
  ['0o17', '0o17'],
  ['089', '089'],
  ['yes', true],
  ['Off', false],
  ['y', 'y'],
  ['"yes"', 'yes'],
  ['1:30', 90],
  ['190:20:30', 685230],
  ['1:30.5', new Float(90.5)],
  ['1e5', '1e5'],
  ['1.0e+5', new Float(100000)],
  ['1.0e5', '1.0e5'],
  ['1.', new Float(1)],
  ['1.0', new Float(1)],
  ['-.inf', new Float(Number.NEGATIVE_INFINITY)],
  ['-0', 0],
  ['1_000', 1000],
  ['0x1F', 31],
  ['0b11', 3],
  ['12345678901234567890123', 12345678901234567890123n],
  ['~', null],
  ['', null],
  ['!!str 5', '5'],
  ['!!int "7"', 7],
  ['!unsafe 5', 5],
  ['v1.36.5+k3s1', 'v1.36.5+k3s1'],
  ['10.0.0.1', '10.0.0.1'],
])('%s is read as PyYAML reads it', (text, value) => {
  expect(read(`harbour: ${text}\n`)).toEqual({ value: { harbour: value }, faults: [] })
})

test('dates are shown as Python shows them, and reported', () => {
  expect(read('a: 2001-12-14\nb: 2001-12-14t21:59:43.10-05:00\n')).toEqual({
    value: { a: '2001-12-14', b: '2001-12-14 21:59:43.100000-05:00' },
    faults: [
      'warning 1: this is read as a date, not as text',
      'warning 2: this is read as a date, not as text',
    ],
  })
})

test('a vaulted value keeps its envelope and its place', () => {
  const text = 'a: 1\nharbour_key: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162\n'
  const { root, faults } = parseYaml('quay.yml', text)
  const vaulted = entryOf(root, 'harbour_key')?.value
  expect(faults).toEqual([])
  expect(vaulted?.kind === 'scalar' && vaulted.value).toBeInstanceOf(VaultedText)
  expect(vaulted?.kind === 'scalar' && vaulted.value instanceof VaultedText && vaulted.value.envelope).toBe(
    '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
  )
  expect(text.slice(vaulted?.at.start, vaulted?.at.end)).toContain('$ANSIBLE_VAULT')
})

test('a vaulted value in JSON', () => {
  const { root } = parseYaml('quay.json', '{"k": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\\n6162\\n"}}')
  expect(root === undefined ? undefined : yamlValue(root)).toMatchObject({
    k: { envelope: '$ANSIBLE_VAULT;1.1;AES256\n6162\n' },
  })
})

test('JSON is read as JSON: 1e5 is a number there', () => {
  expect(read('{"a": 1e5, "b": [1, 1.0, "yes"], "c": "\\ud83d\\ude00"}').value).toEqual({
    a: new Float(1e5),
    b: [1, new Float(1), 'yes'],
    c: '😀',
  })
})

test('merge keys: the earlier of a list wins, own entries win over all', () => {
  const { value } = read('base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nboth: {<<: [*b, *m], z: 3}\n')
  expect(value).toMatchObject({ both: { x: 1, y: 1, z: 3 } })
})

test('keys that could reach into an object are keys like others', () => {
  const { value } = read('__proto__: {polluted: yes}\nconstructor: 1\n')
  expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

describe('what is wrong is a fault with its line', () => {
  test.each([
    ['a: {{ quay }}', 'error 1: a value that begins with {{ is read as a mapping'],
    ['a:\n\tb: 1\n', 'error 2: a tab is used for indentation'],
    ['a: @quay\n', 'error 1: an unquoted value can not start with this character'],
    ['a: quay: 1\n', 'error 1: two entries on one line, or an unquoted value that holds a colon and a space'],
    ['a: "\\q"\n', 'error 1: a backslash in double quotes starts an escape that YAML does not know'],
    ['a: 1\nb: [1, 2\n', 'error 3: a closing character is missing'],
    ['a: *quay\n', 'error 1: *quay names an anchor that is not defined before it'],
    ['a: &q [*q]\n', 'error 1: *q stands inside the node that it names'],
    [
      'a: 1\n---\nb: 2\n',
      'error 2: a second YAML document starts here; Ansible reads files with one document only',
    ],
    ['a: 1\nb: 2\na: 3\n', 'warning 3: a stands twice in this mapping; Ansible uses only the last one'],
    ['yes: 1\n', 'warning 1: the name of this entry is read as True, not as text'],
    ['a: =\n', 'error 1: an unquoted = is a special value of YAML 1.1, which Ansible can not read'],
    ['a: <<\n', 'error 1: an unquoted << is the merge key of YAML 1.1, which can not be a value'],
    ['a: !quay 1\n', 'error 1: Ansible can not read the tag !quay'],
    ['a: b\u0000c\n', 'error 1: the character U+0000 must not stand in a YAML file'],
    ['a: \ufffd\n', 'warning 1: the file is not UTF-8 here'],
    ['a: 1\rb: 2\n', 'error 1: a line ends with a carriage return alone'],
    ['a: 2001-13-45\n', 'error 1: this looks like a date to YAML but can not be read as one'],
  ])('%j', (text, fault) => {
    expect(read(text).faults).toContain(fault)
  })

  test.each([
    [
      '',
      "- a: 1\n\n  - b: 2\n    c: '3\n- {{ d }}\n",
      ['error 3: the indentation does not fit the lines around it'],
    ],
    ['', '- a: 1\n b: 2\n- c: "3\n', ['error 2: the indentation does not fit the lines around it']],
    [
      ', nor in the same line',
      "a: {{ b }}/c\nd: 'e\n",
      ['error 1: a value that begins with {{ is read as a mapping'],
    ],
    [
      ', but what stands before it',
      'a: {{ b }}\nc: "\\d"\ne: =\nf: g: h\ni: {{ j }}\n',
      [
        'error 1: a value that begins with {{ is read as a mapping',
        'error 2: a backslash in double quotes starts an escape that YAML does not know',
        'error 3: an unquoted = is a special value of YAML 1.1, which Ansible can not read',
        'error 4: two entries on one line, or an unquoted value that holds a colon and a space',
      ],
    ],
    [
      ', but a second document',
      'a: b: c\nd: e: f\n---\ng: h: i\n',
      [
        'error 1: two entries on one line, or an unquoted value that holds a colon and a space',
        'error 3: a second YAML document starts here; Ansible reads files with one document only',
      ],
    ],
  ])('and nothing behind one that hides the rest%s: %j', (_, text, faults) => {
    expect(read(text).faults.toSorted()).toEqual(faults)
  })

  test.each([
    ['brackets', '['.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['mappings', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('nesting without end: %s', (_, text) => {
    expect(read(text).faults.join()).toContain('nested deeper than 200 levels')
  })

  test('aliases that would multiply to billions', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? Array(10).fill('quay') : Array(10).fill(`*l${level - 1}`)
      return `l${level}: &l${level} [${items.join(', ')}]`
    })
    expect(read(levels.join('\n')).faults.join()).toContain('more than 1,000,000 values')
  })

  test('merges that would multiply', () => {
    const big = Array.from({ length: 2000 }, (_, index) => `  k${index}: 1`).join('\n')
    const users = Array.from({ length: 2000 }, (_, index) => `u${index}: {<<: *big}`).join('\n')
    expect(read(`big: &big\n${big}\n${users}\n`).faults.join()).toContain('more than 1,000,000 values')
  })

  test('any text: faults, no exception', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&x',
      '*x',
      '"',
      "'",
      '|',
      '>',
      '#',
      '!',
      '!vault',
      '<<: ',
      '\t',
      '?',
      '%',
      '@',
      '\r',
      '\ufeff',
      '---\n',
      '...',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 25 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const { root } = parseYaml('quay.yml', text)
          if (root !== undefined) yamlValue(root)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('writing', () => {
  test.each([
    ['yes', '"yes"'],
    ['0600', '"0600"'],
    ['1.0', '"1.0"'],
    ['1e5', '"1e5"'],
    ['10.0.0.1', '10.0.0.1'],
    ['v1.36.5+k3s1', 'v1.36.5+k3s1'],
    ['fd00::1', '"fd00::1"'],
    ['{{ quay }}', '"{{ quay }}"'],
    ['', '""'],
    ['~', '"~"'],
    ['2001-12-14', '"2001-12-14"'],
    ['a b', '"a b"'],
    ['a\nb', '"a\\nb"'],
    ['é\u2028', '"é\\u2028"'],
    ['/var/lib/airgap', '/var/lib/airgap'],
  ])('%j is written %s', (text, written) => {
    expect(yamlString(text)).toBe(written)
  })

  test('any text is read back as itself', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'0123456789_:.-+eExXob~ynYN=<#"\' ') }),
    )
    fc.assert(
      fc.property(texts, texts, (name, value) => {
        const { root } = parseYaml('quay.yml', `${blockLines([{ name, value }], '', 2).join('\n')}\n`)
        expect(root === undefined ? undefined : yamlValue(root)).toEqual(
          Object.assign(Object.create(null), { [name]: value }),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('splice puts edits in, whatever their order, and refuses those that overlap', () => {
    const edits = [
      { start: 4, end: 4, text: '!' },
      { start: 0, end: 1, text: 'Q' },
      { start: 4, end: 4, text: '?' },
    ]
    expect(splice('quay', edits)).toBe('Quay!?')
    expect(() =>
      splice('quay', [
        { start: 0, end: 2, text: '' },
        { start: 1, end: 3, text: '' },
      ]),
    ).toThrow(RangeError)
  })

  const added = [{ name: 'pier', value: [{ name: 'crane', value: '0644' }] }]
  test.each([
    [
      'a block',
      'quay:\n    boat: 1 # c\n\nlast: 1\n',
      'quay:\n    boat: 1 # c\n    pier:\n        crane: "0644"\n\nlast: 1\n',
    ],
    ['nothing', 'quay: # c\n  # d\nlast: 1\n', 'quay: # c\n  # d\n  pier:\n    crane: "0644"\nlast: 1\n'],
    ['null', 'quay: null\n', 'quay:\n  pier:\n    crane: "0644"\n'],
    ['{}', 'quay: {}\n', 'quay: {pier: {crane: "0644"}}\n'],
    ['a flow mapping', 'quay: {boat: [1, 2],} # c\n', 'quay: {boat: [1, 2], pier: {crane: "0644"},} # c\n'],
    ['a bare text', 'quay: boat\n', 'quay:\n  boat:\n  pier:\n    crane: "0644"\n'],
    ['no end of line', 'quay:\n  boat: 1', 'quay:\n  boat: 1\n  pier:\n    crane: "0644"'],
    ['CRLF', 'quay:\r\n  boat: 1\r\n', 'quay:\r\n  boat: 1\r\n  pier:\r\n    crane: "0644"\r\n'],
    [
      'a text block at the end',
      'quay:\n  boat: |\n    a\n\nlast: 1\n',
      'quay:\n  boat: |\n    a\n  pier:\n    crane: "0644"\n\nlast: 1\n',
    ],
    ['nothing of that name', 'last: 1\n', 'last: 1\nquay:\n  pier:\n    crane: "0644"\n'],
    [
      'a list inside',
      'quay:\n  boat:\n    - a\n    - b: 1\n      c: 2\nlast: 1\n',
      'quay:\n  boat:\n    - a\n    - b: 1\n      c: 2\n  pier:\n    crane: "0644"\nlast: 1\n',
    ],
    ['JSON', '{"quay": {"boat": 1}}', '{"quay": {"boat": 1, "pier": {"crane": "0644"}}}'],
  ])('entries are added to %s, and every other byte stays', (_, before, after) => {
    const source = parseYaml('quay.yml', before)
    const edits = addEntries(source, source.root as YamlMap, 'quay', added)
    expect(splice(before, edits ?? [])).toBe(after)
  })

  test.each([
    ['a list', 'quay: [1]\n'],
    ['an alias', 'base: &b {x: 1}\nquay: *b\n'],
    ['a number', 'quay: 1\n'],
  ])('entries are not added to %s', (_, text) => {
    const source = parseYaml('quay.yml', text)
    expect(addEntries(source, source.root as YamlMap, 'quay', added)).toBeUndefined()
  })

  test('a vaulted value is written as ansible-vault prints it', () => {
    const source = parseYaml('quay.yml', 'vars:\n  a: 1\n')
    const edits = addToMap(source, entryOf(source.root, 'vars')?.value as YamlMap, [
      { name: 'harbour_key', value: { envelope: '$ANSIBLE_VAULT;1.1;AES256\n6162' } },
    ])
    expect(splice(source.text, edits ?? [])).toBe(
      'vars:\n  a: 1\n  harbour_key: !vault |\n            $ANSIBLE_VAULT;1.1;AES256\n            6162\n',
    )
  })
})

test('quoted texts may come back to the margin, as PyYAML lets them', () => {
  const { root, faults } = parseYaml('vars.yml', 'quay: "{{\n  harbour\n}}"\nnext: 1\n')
  expect(faults).toEqual([])
  expect(root === undefined ? undefined : yamlValue(root)).toEqual({ quay: '{{ harbour }}', next: 1 })
})

test('true and false as names are meant so', () => {
  const { root, faults } = parseYaml('vars.yml', 'true: 1\nFalse: 2\n')
  expect(faults).toEqual([])
  expect(root === undefined ? undefined : yamlValue(root)).toEqual({ True: 1, False: 2 })
})
