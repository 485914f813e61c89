import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderTemplate } from '../../src/ansible/template/index.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'
import { alike, differing, refused } from './template/expressions.ts'
import { corpusScope, variablesText } from './template/scope.ts'
import { single, templates } from './template/templates.ts'

/** Every expression between markers, so that neighbours can't run into each other. */
const corpus = alike.map(([expression], index) => `@${index}@{{ ${expression} }}@@\n`).join('')

const alone = (expression: string): string => `@{{ ${expression} }}@\n`

/** Name of a template file → its text. */
const files: Readonly<Record<string, string>> = {
  corpus,
  ...templates,
  ...Object.fromEntries(Object.entries(single).map(([name, { text }]) => [name, text])),
  ...Object.fromEntries(differing.map(({ expression }, index) => [`differing-${index}`, alone(expression)])),
  ...Object.fromEntries(refused.map((expression, index) => [`refused-${index}`, alone(expression)])),
}

const playbook = JSON.stringify([
  {
    hosts: 'all',
    gather_facts: false,
    tasks: [
      {
        'ansible.builtin.template': {
          src: '{{ item }}.j2',
          dest: '{{ playbook_dir }}/out/{{ item }}',
          mode: '0600',
        },
        loop: Object.keys(files),
        ignore_errors: true,
      },
    ],
  },
])

describe.each(ansibles)('the template module of the %s', (label, bin) => {
  let dir = ''
  /** What Ansible wrote; undefined where it refused the template. */
  const written = (name: string): string | undefined => {
    const path = join(dir, 'out', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }
  const isNewest = label.startsWith('newest')

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'k3seal-template-'))
    for (const name of ['out', 'templates', 'group_vars']) mkdirSync(join(dir, name))
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(dir, 'templates', `${name}.j2`), text)
    writeFileSync(join(dir, 'group_vars', 'all.yml'), variablesText)
    writeFileSync(
      join(dir, 'hosts'),
      `larch-host ansible_connection=local ansible_python_interpreter=${join(bin, 'python')}\n`,
    )
    writeFileSync(join(dir, 'play.yml'), playbook)
    run(join(bin, 'ansible-playbook'), ['-i', 'hosts', 'play.yml'], {
      cwd: dir,
      env: ansibleEnvironment(dir),
    })
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const parts = (text: string): string[] => text.split(/@@\n/)

  test('prints every expression of the corpus as k3seal does', () => {
    const theirs = written('corpus')
    expect(theirs).toBeDefined()
    expect(alike.length).toBeGreaterThanOrEqual(150)
    expect(parts(String(renderTemplate('corpus.j2', corpus, corpusScope).text))).toEqual(parts(theirs ?? ''))
  })

  test.each(Object.entries(templates))('writes %s as k3seal does', (name, text) => {
    expect(written(name)).toBe(renderTemplate(`${name}.j2`, text, corpusScope).text)
  })

  test.each([...refused.entries()])('refuses expression %i', (index, expression) => {
    expect(written(`refused-${index}`), expression).toBeUndefined()
    expect(() => renderTemplate('refused.j2', alone(expression), corpusScope)).toThrow(
      expect.objectContaining({ name: 'UserError' }),
    )
  })

  test.each([...differing.entries()])('has its own way with difference %i', (index, difference) => {
    const { expression, newest, oldest, why } = difference
    const theirs = isNewest ? newest : oldest
    expect(written(`differing-${index}`), `${expression}: ${why}`).toBe(
      theirs === undefined ? undefined : `@${theirs}@\n`,
    )
    expect(renderTemplate('differing.j2', alone(expression), corpusScope).text).toBe(`@${newest}@\n`)
  })

  test.each(Object.entries(single))(
    'keeps the type of a single expression: %s',
    (name, { text, newest, oldest }) => {
      expect(written(name)).toBe(isNewest ? newest : oldest)
      expect(renderTemplate(`${name}.j2`, text, corpusScope).text).toBe(newest)
    },
  )
})
