import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTrue, listItems, parseAnsibleConfig, setDefault, unquoted } from '../src/ansible/config.ts'
import { parseConfigText } from '../src/syntax/configParser.ts'

const values = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...parseAnsibleConfig('ansible.cfg', text).defaults].map(([key, { value }]) => [key, value]),
  )

describe('what Python reads', () => {
  test.each<[string, string, Record<string, string>]>([
    ['= and :', '[defaults]\na=1\nb : 2\nc: x = y\n', { a: '1', b: '2', c: 'x = y' }],
    ['keys in any case', '[defaults]\nVault_Password_File = ~/Larch\n', { vault_password_file: '~/Larch' }],
    ['only this section, in this case', '[Defaults]\na = 1\n[galaxy]\nb = 2\n[ defaults ]\nc = 3\n', {}],
    ['comments', '# a = 1\n[defaults]\n; b = 2\n  # c = 3\nd = 4\n', { d: '4' }],
    [
      'a semicolon behind white space',
      '[defaults]\na = x ; y\nb = x;y\nc = ;z\n',
      { a: 'x', b: 'x;y', c: '' },
    ],
    ['no other inline comment', '[defaults]\na = x # y\n', { a: 'x # y' }],
    ['continued values', '[defaults]\na = x,\n  y,\n\n  z\n\nb = 1\n', { a: 'x,\ny,\n\nz', b: '1' }],
    ['comments within a value', '[defaults]\na = x\n  # c\n  ; c\n  y\n', { a: 'x\ny' }],
    ['CRLF', '[defaults]\r\na = x\r\nb = y\r\n', { a: 'x', b: 'y' }],
    ['[DEFAULT] stands in', '[DEFAULT]\na = 1\nb = 2\n[defaults]\nb = 3\n', { a: '1', b: '3' }],
    ['[DEFAULT] alone is nothing', '[DEFAULT]\na = 1\n', {}],
    ['percent signs', '[defaults]\na = %(harbour)s\n', { a: '%(harbour)s' }],
  ])('%s', (_, text, expected) => {
    expect(values(text)).toEqual(expected)
    expect(parseAnsibleConfig('ansible.cfg', text).faults).toEqual([])
  })

  test.each([
    ['a = 1\n', 'before any [section]', 0],
    ['\ufeff[defaults]\n', 'before any [section]', 0],
    ['[defaults]\nlarch\n', 'neither a [section] nor key = value', 11],
    ['[defaults]\n= x\n', 'neither a [section] nor key = value', 11],
    ['[defaults]\na = 1\nA = 2\n', 'a is set a second time', 17],
    ['[defaults]\n[galaxy]\n[defaults]\n', 'a second time', 20],
  ])('%j is refused', (text, words, start) => {
    const [fault] = parseAnsibleConfig('harbour/ansible.cfg', text).faults
    expect(fault?.message).toContain(words)
    expect(fault?.at).toMatchObject({ path: 'harbour/ansible.cfg', start })
    expect(() => setDefault(text, 'larch', 'x')).toThrow("ansible.cfg can't be changed")
  })

  test('spans and places', () => {
    const text = '[defaults]\n\n vault_identity_list = dev@a,\n    prod@b ; both\n'
    const setting = parseAnsibleConfig('ansible.cfg', text).vaultIdentityList
    expect(setting?.origin).toBe('ansible.cfg:3:2')
    expect(text.slice(setting?.at.start, setting?.at.end)).toBe('vault_identity_list = dev@a,\n    prod@b')
  })

  test('types', () => {
    expect(listItems(' dev@a , "prod@b c",\n\'x\'')).toEqual(['dev@a', 'prod@b c', 'x'])
    expect(listItems('')).toEqual([''])
    expect(['yes', ' On ', 'TRUE', '1', 't', 'y'].every(isTrue)).toBe(true)
    expect(['no', '', 'False', '2', 'larch'].some(isTrue)).toBe(false)
    expect(['"a"', "'a'", '"a\'', '"', '""', '"a\\"'].map(unquoted)).toEqual([
      'a',
      'a',
      '"a\'',
      '"',
      '',
      '"a\\"',
    ])
  })
})

describe('setDefault', () => {
  test.each([
    ['a new file', undefined, '[defaults]\nlarch = x\n'],
    ['an empty file', '', '[defaults]\nlarch = x\n'],
    ['no such section', '[galaxy]\na = 1', '[galaxy]\na = 1\n\n[defaults]\nlarch = x\n'],
    ['an empty section', '[defaults]\n\n[galaxy]\n', '[defaults]\nlarch = x\n\n[galaxy]\n'],
    ['an indented section below', '[defaults]\n  [galaxy]\n', '[defaults]\n  larch = x\n  [galaxy]\n'],
    [
      'behind the last option',
      '[defaults]\na = 1 ; one\n\n# galaxy\n[galaxy]\n',
      '[defaults]\na = 1 ; one\nlarch = x\n\n# galaxy\n[galaxy]\n',
    ],
    ['indented options', '[defaults]\n  a = 1\n  [b]\n', '[defaults]\n  a = 1\n  larch = x\n  [b]\n'],
    ['no last newline', '[defaults]\na = 1', '[defaults]\na = 1\nlarch = x'],
    ['CRLF', '[defaults]\r\na = 1\r\n', '[defaults]\r\na = 1\r\nlarch = x\r\n'],
    [
      'a value that is there',
      '[defaults]\nLarch :  old ; why\nb = 2\n',
      '[defaults]\nLarch :  x ; why\nb = 2\n',
    ],
    ['an empty value', '[defaults]\nlarch =\nb = 2\n', '[defaults]\nlarch = x\nb = 2\n'],
    [
      'a continued value',
      '[defaults]\nlarch = old,\n  # why\n  older\n  oldest ; so\nb = 2\n',
      '[defaults]\nlarch = x\n  # why\n   ; so\nb = 2\n',
    ],
    ['only in [DEFAULT]', '[DEFAULT]\nlarch = 1\n', '[DEFAULT]\nlarch = 1\n\n[defaults]\nlarch = x\n'],
  ])('%s', (_, before, after) => {
    expect(setDefault(before, 'larch', 'x')).toBe(after)
  })

  test.each(['a\nb', ' a', 'a ', ';a', 'a ;b', 'a\r'])(
    'refuses %j, which would not be read back',
    (value) => {
      expect(() => setDefault('', 'larch', value)).toThrow("can't hold the value of larch")
    },
  )

  test('the value is read back, and nothing else changes', () => {
    const line = fc.oneof(
      fc.constantFrom('[defaults]', '[galaxy]', '  [ssh]', '', '   ', '# note', '  ; note', ' [DEFAULT]'),
      fc
        .record({
          indent: fc.constantFrom('', ' ', '    ', '\t'),
          key: fc.constantFrom('larch', 'Larch', 'harbour', 'b', 'c', 'd', 'e'),
          delimiter: fc.constantFrom('=', ' = ', ':', ' :'),
          value: fc.constantFrom('', 'x', 'a b', 'x ; why', 'x;y', '"q"'),
        })
        .map(({ indent, key, delimiter, value }) => indent + key + delimiter + value),
      fc.constantFrom('  more', '    and more ; why', '  k = v'),
    )
    const value = fc.string({ maxLength: 12 }).filter((text) => !/^\s|\s$|^;|\s;|[\r\n]/.test(text))
    let edits = 0
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        value,
        (lines, eol, last, x) => {
          const text = lines.join(eol) + (last ? eol : '')
          const before = parseConfigText(text)
          fc.pre(before.faults.length === 0)
          const after = setDefault(text, 'larch', x)
          expect(values(after).larch).toBe(x)
          const others = (source: string) =>
            parseConfigText(source)
              .options.filter(({ key, section }) => key !== 'larch' || section !== 'defaults')
              .map(({ section, key, value }) => [section, key, value])
          expect(others(after)).toEqual(others(text))
          expect(parseConfigText(after).faults).toEqual([])
          expect(setDefault(after, 'larch', x)).toBe(after)
          if (!before.options.some(({ key, section }) => key === 'larch' && section === 'defaults')) {
            const same = [...text].findIndex((_, at) => text[at] !== after[at])
            const kept = same === -1 ? text : text.slice(0, same)
            expect(after.startsWith(kept) && after.endsWith(text.slice(kept.length))).toBe(true)
          }
          edits += 1
        },
      ),
      { numRuns: 2000 },
    )
    expect(edits).toBeGreaterThan(500)
  })
})
