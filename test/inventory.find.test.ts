import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Disk } from '../src/commands/lint/disk.ts'
import { readTarget } from '../src/commands/lint/project.ts'
import { findInventories } from '../src/flow/inventories.ts'
import { readProject } from '../src/io/projectTexts.ts'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, type Files, findings, installs, joins } from './tools/paper.ts'

const INI = '[quays]\nquay\n\n[berths]\nberth harbour_key=4f1c90a6d2e84b7fb3a5c8e1d7f60b29\n'
const found = (path: string, text: string): boolean => findInventories(new Map([[path, text]])).length === 1

test.each([
  ['hosts.prod', INI],
  ['stock/hosts.ci', INI],
  ['inventory-lab', INI],
  ['hosts.sample', INI],
  ['stock/hosts.ini.example', INI],
  ['stock/inventory.ini.dist', INI],
  ['production', INI],
  ['staging', INI],
  ['hosts.ini', `[quays]\r\n${'# of stone\r\n\r\n'.repeat(40)}quay harbour_depth=4\r\n`],
  ['hosts', 'quay ansible_host=192.0.2.4 harbour_key="a b"\n\n# of stone\nberth ; of wood\n'],
  ['quays.yml', 'quays: {hosts: {quay: }}\nberths: {hosts: {berth: }}\n'],
  ['quays.json', '{"quays":{"hosts":{"quay":null}},"berths":{"children":{"docks":null}}}\n'],
])('%s is an inventory', (path, text) => {
  expect(found(path, text)).toBe(true)
})

test.each([
  ['hosts', '127.0.0.1 localhost\n192.0.2.4 quay quay.test # ansible_host=1\n'],
  ['hosts', 'ALL: 192.0.2.0/255.255.255.0\n'],
  ['files/hosts', 'quay ansible_host=192.0.2.4\n'],
  ['plays/production', INI],
  ['production', 'quay\nberth\n'],
  ['settings.ini', 'quay\nberth\n'],
  ['settings.ini.sample', INI],
  [
    'cloud-init.yml',
    '#cloud-config\nwrite_files: [{path: /etc/hosts, content: ""}]\nhosts: {quay: 192.0.2.4}\n',
  ],
  ['hosts.yml', '- {hosts: quays, roles: []}\n'],
  ['app.example.ini', `[server]\n${';;; HTTP_PORT = 3000\n\n'.repeat(40)}[database]\nDB_TYPE = sqlite3\n`],
  ['inventory.tpl', '[quays]\n%{ for quay in quays ~}\n${quay}\n%{ endfor ~}\n[harbour:children]\nquays\n'],
  ['hosts.ini', '[quays]\nquay\n[berths]\n${berth}\n'],
  [
    'stock/hosts.yml',
    'quays:\n  hosts:\n    %{~ for quay in quays ~}\n    ${quay.name}:\n    %{~ endfor ~}\n',
  ],
  ['ingress.json', '{"spec":{"tls":{"hosts":{"quay":1}}},"kind":"Ingress"}\n'],
])('%s is none', (path, text) => {
  expect(found(path, text)).toBe(false)
})

test.each([
  [
    'a task fills in another file of that name',
    'hosts',
    'template: { src: hosts.j2, dest: /etc/hosts }',
    true,
  ],
  ['or of its own role', 'hosts', 'template: { src: hosts, dest: /etc/hosts }', true],
  ['or copies one', 'hosts', 'copy: { src: ../../tide/files/hosts, dest: /etc/hosts } # no template', true],
  ['a task fills it in', 'roles/tide/stock/hosts', 'template: { src: stock/hosts, dest: /srv/hosts }', false],
  ['or from a role', 'hosts', 'template: src=../../../hosts dest=/srv/hosts', false],
  [
    'or wherever it is',
    'stock/hosts',
    'template: { src: "{{ playbook_dir }}/stock/hosts", dest: /srv }',
    false,
  ],
  [
    'a task fills in one elsewhere',
    'hosts',
    'template: { src: "{{ role_path }}/stock/hosts", dest: /srv }',
    true,
  ],
])('an inventory with expressions in it is one, unless a task fills it in: %s', (_, path, task, isOne) => {
  const text = "[quays]\nquay harbour_key=\"{{ lookup('env', 'KEY') }}\"\n"
  const files = {
    [path]: text,
    'roles/tide/tasks/main.yml': `- ${task}\n`,
    'roles/tide/templates/hosts': 'localhost\n',
    'roles/tide/files/hosts': 'localhost\n',
  }
  expect(findInventories(new Map(Object.entries(files)))).toEqual(isOne ? [[path]] : [])
})

test('nor is one that a role beside it fills in', () => {
  const files = {
    'site/hosts.ini': '[quays]\nquay harbour_key="{{ key }}"\n',
    'site/roles/tide/tasks/main.yml': '- template: { src: hosts.ini, dest: /srv/hosts }\n',
  }
  expect(findInventories(new Map(Object.entries(files)))).toEqual([])
})

test('one that is to be copied counts where there is no other but those of tests', () => {
  const sample = 'stock/inventory.ini.sample'
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const path of [sample, 'molecule/default/hosts.ini']) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), INI)
  }
  const { texts } = readProject(root)
  expect(findInventories(texts)).toEqual([[sample]])
  expect(findInventories(new Map([...texts, ['lab.ini', INI]]))).toEqual([['lab.ini']])
  // In a directory of inventories Ansible reads it as one of them.
  const config = '[defaults]\ninventory = stock\n'
  expect(findInventories(new Map([...texts, ['ansible.cfg', config]]))).toEqual([['stock']])
  const plays = installs('quays', { INSTALL_K3S_EXEC: 'server' })
  const hosts = (more: Files): readonly string[] =>
    arrivals({ ...Object.fromEntries(texts), ...more, 'site.yml': plays }).map(
      (one) => one.split(' ')[0] ?? '',
    )
  expect(hosts({})).toEqual(['quay'])
  expect(hosts({ 'ansible.cfg': config, 'stock/hosts': '[quays]\npier\n' })).toEqual(['pier', 'quay'])
})

test('nor does one that is to be copied wait for others where an ansible.cfg names what it is copied to', () => {
  const texts = {
    'stock/hosts.ini.sample': INI,
    'hosts.ini.sample': INI,
    'boats.ini.sample': INI,
    'lab.ini': INI,
  }
  const found = (inventory: string): readonly string[] => {
    const config = `[defaults]\ninventory = ${inventory}\n`
    return findInventories(new Map(Object.entries({ ...texts, 'stock/ansible.cfg': config }))).flat()
  }
  expect(found('hosts.ini')).toEqual(['hosts.ini.sample', 'lab.ini', 'stock/hosts.ini.sample'])
  expect(found('hosts.ini.sample')).toEqual(['stock/hosts.ini.sample', 'lab.ini'])
})

test('one that has other names by links counts once, by that of ansible.cfg or its own', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const inventories = (): readonly string[] => {
    const settings = { config: {}, directory: root }
    const options = {
      cwd: root,
      inventories: undefined,
      exclude: [],
      forceExclude: false,
      instead: undefined,
    }
    const project = readTarget({ root, files: undefined }, settings, options)
    const analysis = new Analysis(project.texts, { disk: new Disk(project) })
    return analysis.inventories.map(({ sources }) => sources.join())
  }
  write('stock/quays.ini', INI)
  write('north/ansible.cfg', '[defaults]\ninventory = stock\n')
  mkdirSync(join(root, 'north/stock'))
  mkdirSync(join(root, 'inventories'))
  symlinkSync('../../stock/quays.ini', join(root, 'north/stock/berths.ini'))
  symlinkSync('../stock', join(root, 'inventories/lab'))
  expect(inventories()).toEqual(['north/stock'])
  rmSync(join(root, 'north/ansible.cfg'))
  expect(inventories()).toEqual(['stock/quays.ini'])
  // Ansible reads the variables that lie beside the link, not those beside what it leads to.
  write('north/stock/group_vars/quays.yml', 'harbour_depth: 4\n')
  expect(inventories()).toEqual(['north/stock/berths.ini', 'stock/quays.ini'])
  // A copy is another one: who changes it changes no other.
  write('copies/quays.ini', INI)
  expect(inventories()).toHaveLength(3)
})

test('an inventory without an ending is read, and what is written out in it is found', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const others = ['hosts.md', 'hosts.yml.example', 'plays/production']
  for (const path of ['hosts.prod', 'production', 'inventory-lab', ...others]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), INI)
  }
  expect([...readProject(root).texts.keys()]).toEqual(['hosts.prod', 'inventory-lab', 'production'])
  for (const path of ['hosts.prod', 'production'])
    expect(findings({ [path]: INI, 'site.yml': joins('berths', '{{ harbour_key }}') })).toContain(
      `token-plaintext error ${path}:5`,
    )
})

describe('an inventory script', () => {
  const META =
    '#!/usr/bin/env python3\nprint(\'{"quays": {"hosts": ["quay"]}, "_meta": {"hostvars": {}}}\')\n'
  const said = 'this looks like an inventory script; k3seal does not run it'

  test.each<[path: string, isNamed: boolean, text: string, mode?: number, more?: Files]>([
    ['inventory.py', true, META],
    ['stock/quay_inventory.py', true, META],
    ['inventories/lighthouse.sh', true, '#!/bin/sh\nif [ "$1" = "--list" ]; then cat quays.json; fi\n'],
    ['hosts', true, '#!/bin/sh\ncase $1 in --list) cat quays.json ;; esac\n'],
    ['inventory.py', false, META, 0o644],
    ['lighthouse.py', false, META],
    ['inventory.py', false, META.slice(META.indexOf('\n') + 1)],
    ['inventory/check.sh', false, '#!/bin/sh\nansible-inventory -i hosts --list\n'],
    ['plugins/inventory/lighthouse.py', false, META],
    ['roles/edge/files/inventory.py', false, META],
    ['inventory.py', false, META, 0o755, { 'hosts.ini': '[berths]\nberth\n' }],
  ])(
    'is named where hosts are made up in its place: %s %j',
    (path, isNamed, text, mode = 0o755, more = {}) => {
      const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
      onTestFinished(() => rmSync(root, { recursive: true }))
      const site = installs('quays', { INSTALL_K3S_EXEC: 'server' })
      for (const [name, content] of Object.entries({ 'site.yml': site, ...more, [path]: text })) {
        mkdirSync(dirname(join(root, name)), { recursive: true })
        writeFileSync(join(root, name), content)
      }
      chmodSync(join(root, path), mode)
      const settings = { config: {}, directory: root }
      const options = {
        cwd: root,
        exclude: [],
        forceExclude: false,
        inventories: undefined,
        instead: undefined,
      }
      const project = readTarget({ root, files: undefined }, settings, options)
      const analysis = new Analysis(project.texts, { disk: new Disk(project) })
      expect(analysis.rehearsal.runs).not.toEqual([])
      const notes = analysis.notes.filter(({ what }) => what === said)
      expect(notes.map(({ at }) => at.path)).toEqual(isNamed ? [path] : [])
    },
  )
})

test('files of variables that a task names are read whatever they end in', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const names = ['roles/edge/vars/phrases', 'roles/edge/vars/phrases.txt', 'vars/phrases.secret']
  const others = ['vars/.gitkeep', 'vars/notes.md', 'edge/phrases.txt', 'vars/more/phrases.txt']
  for (const path of [...names, ...others]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), "harbour_key: '0ddpassword'\n")
  }
  const { texts } = readProject(root)
  expect([...texts.keys()]).toEqual(names)
  const roles = {
    'roles/edge/tasks/main.yml': '- include_vars: { file: phrases.txt }\n',
    'site.yml': `${joins('berths', '{{ harbour_key }}')}  roles: [edge]\n`,
    'hosts.ini': '[berths]\nberth\n',
  }
  expect(arrivals({ ...Object.fromEntries(texts), ...roles })).toEqual(['berth agent present env-file url'])
})

test('so are those beside playbooks that plays, tasks and lookups name, and what roles have as main', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const site = `- hosts: berths
  vars_files: [phrases, "{{ playbook_dir }}/slips/phrases.txt"]
  tasks:
    - include_vars: ../north/phrases.yaml.enc
    - include_vars: { dir: "{{ playbook_dir }}/logs", extensions: [log] }
    - debug: { msg: "{{ lookup('file', 'phrase.txt') }}{{ lookup('password', 'slips/phrase length=9') }}" }
`
  const roles = ['roles/edge/defaults/main', 'roles/edge/vars/main/quay', 'roles/pier/defaults/main/quay']
  const beside = ['logs/quay/phrases.log', 'north/phrases.yaml.enc', 'phrase.txt', 'phrases', 'slips/phrase']
  const named = [...beside, 'slips/phrases.txt', ...roles]
  const others = ['phrases.md', 'notes.txt', 'quay/logs.txt', 'roles/edge/defaults/quay', 'slips/other']
  for (const path of [...named, ...others]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), "harbour_key: '0ddpassword'\n")
  }
  expect([...readProject(root).texts.keys()].toSorted()).toEqual(roles)
  writeFileSync(join(root, 'site.yml'), site)
  const { texts } = readProject(root)
  expect([...texts.keys()].toSorted()).toEqual([...named, 'site.yml'].toSorted())
  const plays = joins('berths', '{{ harbour_key }}').replace(
    '  tasks:',
    '  vars_files: [phrases.enc]\n  tasks:',
  )
  const files = {
    'site.yml': plays,
    'hosts.ini': '[berths]\nberth\n',
    'phrases.enc': "harbour_key: '0ddpassword'\n",
  }
  expect(arrivals(files)).toEqual(['berth agent present env-file url'])
  expect(findings(files)).toContain('token-plaintext error phrases.enc:1')
})

test('notes and files without an ending are read where a token stands in them as K3s writes it', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const readPaths = (exclude: readonly string[]): readonly string[] => {
    const options = { cwd: root, inventories: undefined, exclude, forceExclude: false, instead: undefined }
    return [...readTarget({ root, files: undefined }, { config: {}, directory: root }, options).texts.keys()]
  }
  const token =
    'K105f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d1836::server:39b0ff389b80305f56aa2a4b7d7b4fb3'
  mkdirSync(join(root, '.git'))
  write('.gitignore', 'mine.txt\n')
  write('site.yml', '- hosts: quays\n  roles: [k3s]\n')
  for (const path of ['NOTES.md', 'keys/quay.TXT', 'keys/berth', 'keys/mole.csv', 'k3s_quay.txt', 'mine.txt'])
    write(path, `Ours:\n${token}\n`)
  write('other.txt', 'harbour_key: 0ddpassword\n')
  expect(readPaths([])).toEqual(['site.yml', 'NOTES.md', 'k3s_quay.txt', 'keys/berth', 'keys/quay.TXT'])
  expect(readPaths(['*.md', 'keys/', 'k3s_*'])).toEqual(['site.yml'])
  write('site.yml', '- hosts: quays\n  roles: [lamp]\n')
  expect(readPaths([])).toEqual(['site.yml'])
})
