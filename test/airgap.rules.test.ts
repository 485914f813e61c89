import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { command } from '../src/commands/lint/index.ts'
import { parse } from '../src/commands/parse.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'k3seal-airgap-rules-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (path: string, text = ''): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

/** `path:line rule message` of what the rules on airgapped sites find. */
async function found(): Promise<readonly string[]> {
  const stdout = new PassThrough()
  const session = {
    cwd: dir,
    env: {},
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    interactive: false,
    color: false,
  }
  const args = ['--format', 'json', '--select', 'airgap-', '.']
  await parse(
    command(session, () => undefined),
    args,
    session,
  )
  stdout.end()
  const { findings } = JSON.parse((stdout.read() ?? '').toString())
  return findings.map(
    ({ path, line, rule, message }: Record<string, unknown>) => `${path}:${line} ${rule} ${message}`,
  )
}

const NODES = `[server]
quay ansible_architecture=x86_64
[agent]
mole ansible_architecture=aarch64
[k3s_cluster:children]
server
agent
[k3s_cluster:vars]
k3s_version=v1.32.1+k3s1
`

test('a directory that git passes over is looked into', async () => {
  put('.gitignore', 'depot/\n')
  put('inventory.ini', `${NODES}airgap_dir=./depot\n`)
  put('playbooks/site.yml', '- hosts: k3s_cluster\n  roles:\n    - airgap\n')
  put('playbooks/depot/k3s-amd64')
  truncateSync(join(dir, 'playbooks/depot/k3s-amd64'), 64_000_000)
  put('playbooks/depot/k3s-airgap-images-amd64.tar.zst')
  put('playbooks/depot/k3s-install.sh', '#!/bin/sh\n')
  put('playbooks/depot/k3seal-bundle.json', '{"version":1,"k3sVersion":"v1.31.5+k3s1"}\n')
  expect(await found()).toEqual([
    'inventory.ini:9 airgap-version-mismatch the nodes are to run v1.32.1+k3s1, and playbooks/depot holds v1.31.5+k3s1',
    'inventory.ini:10 airgap-arch-missing playbooks/depot has no binary for arm64, which mole is: k3s-arm64 is missing',
    'inventory.ini:10 airgap-arch-missing playbooks/depot has no images for arm64, which mole is: k3s-airgap-images-arm64.tar.zst is missing',
  ])
})

test.each(['./depot', '/srv/depot', '{{ harbour_depot }}', '../depot', ''])(
  'nothing is said of a directory that is not at hand: %s',
  async (directory) => {
    put('inventory.ini', `${NODES}airgap_dir="${directory}"\n`)
    put('playbooks/site.yml', '- hosts: k3s_cluster\n  roles:\n    - airgap\n')
    put('depot/README.md', 'Put the files for the nodes here.\n')
    expect(await found()).toEqual([])
  },
)

test('a checksum file in a directory of images, which no text tells', async () => {
  put('inventory.ini', NODES)
  put('files/var/lib/rancher/k3s/agent/images/sha256sum-amd64.txt', 'e3b0c442  k3s\n')
  put('files/var/lib/rancher/k3s/agent/images/harbour-images.txt', 'registry.example.com/quay:1\n')
  put('docs/sha256sum-amd64.txt', 'e3b0c442  k3s\n')
  expect(await found()).toEqual([
    'files/var/lib/rancher/k3s/agent/images/sha256sum-amd64.txt:1 airgap-checksum-file-in-images K3s takes sha256sum-amd64.txt for a list of images to pull',
  ])
})

const copies: readonly (readonly [task: string, taken: string | undefined])[] = [
  [
    'copy:\n    src: "{{ item }}"\n    dest: IMAGES/\n  with_fileglob: "{{ airgap_dir }}/*"',
    'sha256sum-amd64.txt',
  ],
  ['ansible.posix.synchronize:\n    src: "{{ airgap_dir }}/"\n    dest: IMAGES', 'sha256sum-amd64.txt'],
  [
    'copy:\n    src: "{{ airgap_dir }}/{{ item }}"\n    dest: IMAGES/\n  loop:\n    - a.tar\n    - sha256sum-amd64.txt',
    'sha256sum-amd64.txt',
  ],
  ['command: cp -r {{ airgap_dir }}/. IMAGES', 'sha256sum-amd64.txt'],
  ['copy: src={{ airgap_dir }}/k3s-images.txt dest=IMAGES/ mode=0644', 'k3s-images.txt'],
  ['copy:\n    src: "{{ airgap_dir }}"\n    dest: IMAGES/', undefined],
  ['copy:\n    src: "{{ item }}"\n    dest: IMAGES/\n  with_fileglob: "{{ airgap_dir }}/*.tar*"', undefined],
  ['command: cp {{ airgap_dir }}/k3s /usr/local/bin/k3s', undefined],
]

test.each(copies)('%s takes along %s', async (task, taken) => {
  put('inventory.ini', `${NODES}airgap_dir=./depot\n`)
  put('site.yml', '- hosts: k3s_cluster\n  roles: [edge]\n')
  put(
    'roles/edge/tasks/main.yml',
    `- name: Images\n  ${task.replaceAll('IMAGES', '/var/lib/rancher/k3s/agent/images')}\n`,
  )
  for (const name of ['k3s-amd64', 'k3s-arm64', 'k3s-install.sh', 'sha256sum-amd64.txt']) put(`depot/${name}`)
  for (const arch of ['amd64', 'arm64']) put(`depot/k3s-airgap-images-${arch}.tar.zst`)
  const messages = (await found()).map((line) => line.replace(/^\S+ /, ''))
  expect(messages).toEqual(
    taken === undefined
      ? []
      : [`airgap-checksum-file-in-images copies ${taken}, which K3s takes for a list of images to pull`],
  )
})
