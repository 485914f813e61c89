import { MANIFEST } from '../airgap/manifest.ts'
import { releaseName } from '../airgap/plan/release.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { type AirgapSite, airgapSites } from './common/airgapSites.ts'
import { once } from './common/once.ts'

const SITE = `
- hosts: k3s_cluster
  roles:
    - airgap
`

export const airgapVersionMismatch: Rule = {
  id: 'airgap-version-mismatch',
  severity: 'warning',
  summary: 'Airgap directory holds another version than the inventory names',
  why: 'K3s looks for the images of its own version. Nodes get the binary that lies in the directory, whatever k3s_version says: an upgrade that changes only the variable changes nothing, or starts a binary whose images nobody has brought.',
  fix: 'fetch the files of that version into the directory, or set k3s_version to the one that lies there',
  see: [
    'https://docs.k3s.io/installation/airgap#upgrade-with-airgap',
    'k3s-io/k3s-ansible@281554e:roles/airgap/tasks/main.yml',
  ],
  bad: [
    {
      title: 'the bundle of the version before',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
  vars:
    k3s_version: v1.32.1+k3s1
                 ^^^^^^^^^^^^ the nodes are to run v1.32.1+k3s1, and depot holds v1.31.5+k3s1
    airgap_dir: ./depot
`,
        'site.yml': SITE,
        'depot/k3s-amd64': '',
        'depot/k3s-airgap-images-amd64.tar.zst': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
        'depot/k3seal-bundle.json': '{"version": 1, "k3sVersion": "v1.31.5+k3s1", "files": []}\n',
      },
    },
    {
      title: 'a name that tells the version',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
  vars:
    k3s_version: v1.32.1+k3s1
                 ^^^^^^^^^^^^ the nodes are to run v1.32.1+k3s1, and depot holds v1.31.5+k3s1
    airgap_dir: ./depot
`,
        'site.yml': SITE,
        'depot/k3s-amd64': '',
        'depot/k3s-airgap-images-amd64-v1.31.5-k3s1.tar.zst': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
  ],
  good: [
    {
      title: 'the same version; a directory that does not tell it',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
  vars:
    k3s_version: v1.31.5+k3s1
    airgap_dir: ./depot
`,
        'site.yml': SITE,
        'depot/k3s-amd64': '',
        'depot/k3s-airgap-images-amd64.tar.zst': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
        'depot/k3seal-bundle.json': '{"version": 1, "k3sVersion": "v1.31.5+k3s1", "files": []}\n',
        'other/inventory.ini':
          '[server]\nmole\n[server:vars]\nk3s_version=v1.30.1+k3s1\nairgap_dir="{{ inventory_dir }}/depot"\n',
        'other/depot/k3s-amd64': '',
        'other/depot/k3s-airgap-images-amd64.tar.zst': '',
        'other/depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
  ],
  check: (analysis) => once(mismatches(analysis)),
}

function* mismatches(analysis: Analysis): Generator<RuleFinding> {
  for (const site of airgapSites(analysis)) {
    const held = heldVersions(analysis, site)
    for (const { version } of site.nodes) {
      if (version === undefined || !('version' in releaseName(version.text))) continue
      const other = held.find((each) => each !== version.text)
      if (other !== undefined)
        yield {
          at: version.at,
          message: `the nodes are to run ${version.text}, and ${site.directory} holds ${other}`,
        }
    }
  }
}

/** What the bundle's own list says, or else the names: the binary is not looked into, which `airgap verify` does. */
function heldVersions({ disk }: Analysis, { directory, files }: AirgapSite): readonly string[] {
  const told = files.has(MANIFEST) ? toldVersion(disk.text(`${directory}/${MANIFEST}`)) : undefined
  if (told !== undefined) return [told]
  return [...files].flatMap((name) => {
    if (!/^k3s(?:-|$)/.test(name)) return []
    const [, version, own] = /(v\d+\.\d+\.\d+(?:-rc\d+)?)[-_+](k3s\d+)/.exec(name) ?? []
    return version === undefined ? [] : [`${version}+${own}`]
  })
}

function toldVersion(text: string | undefined): string | undefined {
  try {
    const { k3sVersion } = JSON.parse(text ?? '') as { readonly k3sVersion?: unknown }
    return typeof k3sVersion === 'string' && 'version' in releaseName(k3sVersion) ? k3sVersion : undefined
  } catch {
    return undefined
  }
}
