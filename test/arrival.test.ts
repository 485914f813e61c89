import { describe, expect, test } from 'vitest'
import { arrivalAt, servicesRunning } from '../src/flow/arrival/index.ts'
import { Atoms } from '../src/flow/atoms.ts'
import type { PaperFile } from '../src/flow/files.ts'

const paper = (files: Readonly<Record<string, string>>): Map<string, PaperFile> =>
  new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      content.startsWith('-> ')
        ? { kind: 'link', content: content.slice(3), mode: undefined, owner: undefined, hops: [] }
        : { kind: 'file', content, mode: undefined, owner: undefined, hops: [] },
    ]),
  )

const unit = (service: string): string => `[Unit]\nDescription=x\n\n[Service]\n${service}`
const system = '/etc/systemd/system'

describe('what reaches K3s', () => {
  test('env file', () => {
    const files = paper({
      [`${system}/k3s-agent.service`]: unit(
        'EnvironmentFile=-/etc/systemd/system/%n.env\nExecStart=/usr/local/bin/k3s agent \\\n  --server https://a:6443\n',
      ),
      [`${system}/k3s-agent.service.env`]: "K3S_TOKEN='abc'\n",
    })
    expect(arrivalAt(files, 'k3s-agent', 'systemd', new Atoms())).toMatchObject({
      command: 'agent',
      token: { state: 'present', carrier: 'env-file', text: { text: 'abc' } },
      serverUrl: { state: 'present', carrier: 'argv', text: { text: 'https://a:6443' } },
    })
    expect(servicesRunning(files, 'systemd', new Atoms())).toEqual(['k3s-agent'])
  })
})
