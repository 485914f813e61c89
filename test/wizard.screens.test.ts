import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseNodeSpec } from '../src/ansible/nodeSpec.ts'
import { deliveryFiles } from '../src/generate/delivery.ts'
import { Secret } from '../src/secret.ts'
import { type Change, lineCounts, unifiedDiff } from '../src/wizard/diff.ts'
import { type Entry, type EntryState, entryView, submitted } from '../src/wizard/entry.ts'
import { airgapNeeds, nextCommands, shellWord } from '../src/wizard/nextSteps.ts'
import { reviewText } from '../src/wizard/review.ts'
import { screenOf, wrap } from '../src/wizard/screen.ts'
import { emptyScene, someAnswers } from './tools/wizard.ts'

const plain = { color: false, unicode: true, width: 80 }

const entry: Entry = {
  message: 'Harbour',
  explanation: 'Where the larch is loaded and the quince is weighed.',
  preset: 'quay',
  problem: (line) => (line.startsWith('x') ? 'a harbour begins with no x' : undefined),
}

const state = (parts: Partial<EntryState> = {}): EntryState => ({
  line: '',
  entries: [],
  stage: 'asking',
  refused: false,
  ...parts,
})

describe('a question', () => {
  test('explains itself and offers the preset', () => {
    expect(entryView(entry, state(), { ...plain, width: 40 })).toEqual([
      '? Harbour\n  Where the larch is loaded and the\n  quince is weighed.\n› (quay) ',
      '',
    ])
  })

  test('hints while one types, refuses at Enter, and folds up', () => {
    expect(entryView(entry, state({ line: 'x' }), plain)[1]).toBe('· a harbour begins with no x')
    expect(entryView(entry, state({ line: 'x', refused: true }), plain)[1]).toBe(
      '✖ a harbour begins with no x',
    )
    expect(entryView(entry, state({ line: 'pier' }), plain)[1]).toBe('')
    expect(entryView(entry, state({ line: 'pier', stage: 'done' }), plain)).toEqual(['✔ Harbour pier', ''])
  })

  test('collects lines, and shows only the last dozen', () => {
    const many = { ...entry, many: true, note: (entries: readonly string[]) => `${entries.length} so far` }
    const entries = Array.from({ length: 14 }, (_, index) => `n${index}`)
    const [above, below] = entryView(many, state({ entries }), plain)
    expect(above).toContain('  … 2 above\n  ✔ n2\n')
    expect(above).not.toContain('✔ n1\n')
    expect(above).toMatch(/✔ n13\n› $/)
    expect(below).toBe('· 14 so far')
    expect(entryView(many, state({ entries, stage: 'done' }), { ...plain, width: 40 })[0]).toBe(
      '✔ Harbour n0 n1 n2 n3 n4 and 9 more',
    )
  })

  test('Enter submits the preset, in a list only as the first line', () => {
    expect(submitted(entry, { line: '  ', entries: [] })).toBe('quay')
    expect(submitted(entry, { line: ' pier ', entries: [] })).toBe('pier')
    expect(submitted({ ...entry, many: true }, { line: '', entries: ['pier'] })).toBe('')
  })

  test('colours only where they are wanted, and writes plain letters where there is no Unicode', () => {
    const colored = entryView(entry, state({ line: 'x', refused: true }), { ...plain, color: true }).join(
      '\n',
    )
    expect(colored).toContain('\u001B[31m')
    expect(stripVTControlCharacters(colored)).toBe(
      entryView(entry, state({ line: 'x', refused: true }), plain).join('\n'),
    )
    expect(
      entryView(entry, state({ line: 'x', refused: true }), { ...plain, unicode: false }).join('\n'),
    ).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

describe('the screen', () => {
  test.each([
    [{ LC_ALL: 'C' }, false],
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'en_US.utf8', LC_ALL: 'POSIX' }, false],
    [{ WT_SESSION: '1' }, true],
    [{}, false],
  ])('%j', (env, unicode) => {
    const stderr = { columns: 44 } as never
    expect(screenOf({ stderr, color: false, env })).toEqual({ color: false, unicode, width: 44 })
  })

  test('wraps between words, and leaves a long one whole', () => {
    expect(wrap('the larch /a/path/that/is/longer/than/a/line ends', 16, '  ')).toBe(
      '  the larch\n  /a/path/that/is/longer/than/a/line\n  ends',
    )
  })
})

const change = (parts: Partial<Change>): Change => ({
  path: 'quay.yml',
  before: undefined,
  after: 'larch: 1\n',
  mode: 0o644,
  ...parts,
})

describe('a diff', () => {
  test('of a new file', () => {
    expect(unifiedDiff(change({}), [], plain)).toBe(
      'diff --git a/quay.yml b/quay.yml\nnew file mode 100644\n--- /dev/null\n+++ b/quay.yml\n@@ -0,0 +1,1 @@\n+larch: 1\n',
    )
    expect(lineCounts(change({}))).toEqual({ added: 1, removed: 0 })
  })

  test('of an edited one', () => {
    const edited = change({ before: 'a\nb\nc\nd\ne\n', after: 'a\nb\nc\nd\nE\nf\n' })
    expect(unifiedDiff(edited, [], plain)).toBe(
      'diff --git a/quay.yml b/quay.yml\n--- a/quay.yml\n+++ b/quay.yml\n@@ -2,4 +2,5 @@\n b\n c\n d\n-e\n+E\n+f\n',
    )
    expect(lineCounts(edited)).toEqual({ added: 2, removed: 1 })
  })

  test('of a secret file shows none of it', () => {
    const diff = unifiedDiff(
      change({ path: '~/.config/quay', after: new Secret('marker-Harbour\n'), mode: 0o600 }),
      [],
      plain,
    )
    expect(diff).toBe(
      'new file mode 100600\n--- /dev/null\n+++ ~/.config/quay\n@@ -0,0 +1 @@\n+[secret, not shown]\n',
    )
  })

  test('hides secrets around the lines that change', () => {
    const before = [
      'token: marker-Plain',
      'k3s_token: "marker-Quoted"',
      "ansible_become_password: 'marker-Become'",
      'larch: marker-Known',
      'vault_password_file: pw',
      'token: "{{ vault_k3s_token }}"',
      'vault_k3s_token: !vault |',
      'host1 k3s_token=marker-Ini',
    ].join('\n')
    for (const after of [`${before}\nnew: 1\n`, before.replace('larch', 'elm')]) {
      const shown = unifiedDiff(change({ before, after }), [new Secret('marker-Known')], plain)
      expect(shown).not.toMatch(/marker-(?:Plain|Quoted|Become|Known)/)
    }
    const near = unifiedDiff(change({ before, after: `${before}\nnew: 1\n` }), [], plain)
    expect(near).toContain(' token: "{{ vault_k3s_token }}"')
    expect(near).toContain(' vault_k3s_token: !vault |')
    expect(near).not.toContain('marker-Ini')
  })

  test('keeps CRLF and a missing last line break', () => {
    const diff = unifiedDiff(change({ before: 'a\r\nb', after: 'a\r\nb\r\n' }), [], plain)
    expect(diff).toContain(' a\r\n-b\n\\ No newline at end of file\n+b\r\n')
  })
})

test('what every site gets is shown as it is', () => {
  for (const { path, text } of deliveryFiles)
    expect(unifiedDiff(change({ path, after: text }), [], plain)).not.toContain('not shown')
})

describe('the review', () => {
  const scene = emptyScene({ vaultSources: ['pw (ansible.cfg:2:1)'] })
  const changes = [
    change({ path: 'site/inventory.yml', before: 'a\n', after: 'b\nc\n' }),
    change({ path: 'site/k3seal/deliver.yml', after: 'a\nb\n' }),
    change({ path: 'site/k3seal/templates/k3s.env.j2' }),
    change({ path: 'site/a-very-long-name-of-a-directory/and-a-rather-long-name-of-a-file.yml' }),
    change({ path: 'site/k3seal/cleanup.yml', before: 'a\n' }),
    change({ path: '~/.config/quay', after: new Secret('marker'), mode: 0o600 }),
  ]
  const warnings = [{ message: 'two servers vote as one', fix: 'use three' }]

  test('says what was answered and what is written', () => {
    const text = reviewText(someAnswers(), scene, changes, warnings, plain)
    expect(text).toBe(`Answers
  Inventory       inventory.yml
  Servers         larch=10.0.0.1
  Agents          quince=10.0.0.2,arch=arm64
  Login           ops
  K3s release     v1.36.5+k3s1
  API endpoint    the first server, 10.0.0.1
  Airgap          no: nodes download K3s
  Join token      a new one: 64 letters and digits, vaulted
  Agent token     none: agents use the join token
  Vault password  pw (ansible.cfg:2:1)

6 files
  edit  site/inventory.yml                                          +2 -1
  new   site/k3seal/ (2 files)                                      +3
  new   …-name-of-a-directory/and-a-rather-long-name-of-a-file.yml  +1
  edit  site/k3seal/cleanup.yml                                     +1 -1
  new   ~/.config/quay                                              +1 0600

warning: two servers vote as one
  cure: use three`)
  })

  test.each([40, 60, 80])('fits %i columns', (width) => {
    const many = someAnswers({
      servers: Array.from({ length: 9 }, (_, index) => parseNodeSpec(`n${index}=10.0.0.${index + 1}`)),
    })
    const text = reviewText(many, scene, changes, warnings, { ...plain, width })
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width)
  })
})

describe('the next commands', () => {
  test.each([
    ['site.yml', 'site.yml'],
    ['~/.config/pw', '~/.config/pw'],
    ['dev@prompt', 'dev@prompt'],
    ['my site', "'my site'"],
    ["larch's", "'larch'\\''s'"],
    ['$(id)', "'$(id)'"],
    ['', "''"],
  ])('a shell reads %j from %s', (text, word) => {
    expect(shellWord(text)).toBe(word)
  })

  test('in a directory of its own', () => {
    expect(
      nextCommands({
        directory: 'my site',
        inventory: 'inventory.yml',
        playbooks: ['site.yml'],
        requirements: 'requirements.yml',
        vaultFlags: ['--ask-vault-pass'],
        hasVaultedFiles: true,
      }),
    ).toEqual([
      "cd 'my site'",
      'ansible-galaxy collection install -r requirements.yml',
      'ansible all -i inventory.yml --ask-vault-pass -m ansible.builtin.ping',
      'ansible-playbook -i inventory.yml --ask-vault-pass site.yml',
    ])
  })

  test('what an airgapped site lacks, by the architectures of its nodes', () => {
    const missing = (present: readonly string[], ...specs: readonly string[]) =>
      airgapNeeds(specs.map(parseNodeSpec), (name) => present.includes(name)).map(({ name }) => name)
    expect(missing([], 'larch', 'quince,arch=arm64')).toEqual([
      'k3s-amd64',
      'k3s-airgap-images-amd64.tar.zst',
      'k3s-arm64',
      'k3s-airgap-images-arm64.tar.zst',
      'k3s-install.sh',
    ])
    expect(missing(['k3s', 'k3s-airgap-images-arm64.tar.gz', 'k3s-install.sh'], 'quince,arch=arm64')).toEqual(
      [],
    )
    expect(missing(['k3s', 'k3s-install.sh'], 'larch', 'quince,arch=arm')).toEqual([
      'k3s-airgap-images-amd64.tar.zst',
      'k3s-arm',
      'k3s-airgap-images-arm.tar.zst',
    ])
  })
})
