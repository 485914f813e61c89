import { type Architecture, architectures } from '../airgap/artefact.ts'
import { listed } from '../airgap/words.ts'
import { airgapArchitectures, airgapRole } from '../facts/airgap.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { type AirgapSite, airgapSites } from './common/airgapSites.ts'
import { once } from './common/once.ts'

const SITE = `
- hosts: k3s_cluster
  roles:
    - airgap
`
const NODES = `
[server]
quay ansible_architecture=x86_64
[agent]
mole ansible_architecture=aarch64
pier ansible_architecture=aarch64
[k3s_cluster:children]
server
agent
[k3s_cluster:vars]
airgap_dir=depot
`

export const airgapArchMissing: Rule = {
  id: 'airgap-arch-missing',
  severity: 'error',
  summary: 'Airgap directory without the files of an architecture',
  why: 'Binaries and images are made for one architecture. Where a node’s own binary is missing, k3s-ansible copies the file k3s to it, whatever that was made for: it ends with «Exec format error».',
  fix: 'let `k3seal airgap fetch` fill the directory, or put there what `k3seal airgap plan` lists for the architecture',
  see: ['https://docs.k3s.io/installation/airgap', 'k3s-io/k3s-ansible@281554e:roles/airgap/tasks/main.yml'],
  bad: [
    {
      title: 'files for one architecture, nodes of two',
      files: {
        'inventory.ini': `${NODES}           ^^^^^ depot has no binary for arm64, which mole and pier are: k3s-arm64 is missing
           ^^^^^ depot has no images for arm64, which mole and pier are: k3s-airgap-images-arm64.tar.zst is missing
`,
        'site.yml': SITE,
        'depot/k3s-amd64': '',
        'depot/k3s-airgap-images-amd64.tar.zst': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
    {
      title: 'one binary for all',
      files: {
        'inventory.ini': `${NODES}           ^^^^^ k3s in depot goes to nodes of amd64 and arm64, and it is made for one of them
`,
        'site.yml': SITE,
        'depot/k3s': '',
        'depot/k3s-airgap-images-amd64.tar.gz': '',
        'depot/k3s-airgap-images-arm64.tar.gz': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
  ],
  good: [
    {
      title: 'files for all; nodes that are not known; one architecture and k3s',
      files: {
        'inventory.ini': NODES,
        'site.yml': SITE,
        'depot/k3s': '',
        'depot/k3s-arm64': '',
        'depot/k3s-airgap-images-amd64.tar.gz': '',
        'depot/k3s-airgap-images-arm64.tar.gz': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
        'other/inventory.ini': '[server]\nmole\n[server:vars]\nairgap_dir="{{ inventory_dir }}/depot"\n',
        'other/depot/k3s-arm64': '',
        'other/depot/k3s-airgap-images-arm64.tar.gz': '',
        'other/depot/k3s-install.sh': '#!/bin/sh\n',
        'lone/inventory.ini':
          '[server]\nmole ansible_architecture=aarch64\n[server:vars]\nairgap_dir="{{ inventory_dir }}/depot"\n',
        'lone/depot/k3s': '',
        'lone/depot/k3s-airgap-images-arm64.tar': '',
        'lone/depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
  ],
  *check(analysis) {
    yield* once(airgapSites(analysis).flatMap((site) => [...binaries(site), ...images(site)]))
  },
}

function nodesOf({ nodes }: AirgapSite, arch: Architecture): string {
  return listed(nodes.filter((node) => node.arch === arch).map(({ name }) => name))
}

const isAre = (site: AirgapSite, arch: Architecture): string =>
  `which ${nodesOf(site, arch)} ${site.nodes.filter((node) => node.arch === arch).length === 1 ? 'is' : 'are'}`

const wantedBy = ({ nodes }: AirgapSite): readonly Architecture[] =>
  architectures.filter((arch) => nodes.some((node) => node.arch === arch))

function binaries(site: AirgapSite): readonly RuleFinding[] {
  const { directory, at, files } = site
  const present = architectures.filter((arch) => files.has(airgapArchitectures[arch].target))
  const without = wantedBy(site).filter((arch) => !present.includes(arch))
  const { fallback } = airgapRole
  if (files.has(fallback)) {
    const [first] = without
    // Where all nodes are of one architecture it is the right one; beside others it is what the release calls so.
    if (first === undefined || wantedBy(site).length === 1 || (without.length === 1 && first === 'amd64'))
      return []
    const why = without.length === 1 ? 'the release makes it for amd64' : 'it is made for one of them'
    return [{ at, message: `${fallback} in ${directory} goes to nodes of ${listed(without)}, and ${why}` }]
  }
  // That there is none at all is said by airgap-artefact-missing.
  if (present.length === 0) return []
  return without.map((arch) => ({
    at,
    message: `${directory} has no binary for ${arch}, ${isAre(site, arch)}: ${airgapArchitectures[arch].target} is missing`,
  }))
}

function images(site: AirgapSite): readonly RuleFinding[] {
  const { directory, at, files } = site
  const present = new Set(
    [...files].flatMap((name) => /^k3s-airgap-images-([a-z0-9]+)\.t/.exec(name)?.[1] ?? []),
  )
  if (present.size === 0) return []
  return wantedBy(site)
    .filter((arch) => !present.has(arch))
    .map((arch) => ({
      at,
      message: `${directory} has no images for ${arch}, ${isAre(site, arch)}: k3s-airgap-images-${arch}.tar.zst is missing`,
    }))
}
