import { listed } from '../airgap/words.ts'
import { airgapArchitectures, airgapRole, imagesDirectory } from '../facts/airgap.ts'
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

export const airgapArtefactMissing: Rule = {
  id: 'airgap-artefact-missing',
  severity: 'error',
  summary: 'Airgap directory without a file that nodes need',
  why: 'A node without internet needs the binary, an archive of the images and the install script. k3s-ansible copies what lies in the directory and passes over what does not: the play goes on, and K3s does not start, or waits for images that nobody can pull.',
  fix: 'let `k3seal airgap fetch` fill the directory, or put there what `k3seal airgap plan` lists',
  see: ['https://docs.k3s.io/installation/airgap', 'k3s-io/k3s-ansible@281554e:roles/airgap/tasks/main.yml'],
  bad: [
    {
      title: 'images, and no binary',
      files: {
        'inventory.ini': `
[server]
quay ansible_architecture=x86_64
[k3s_cluster:children]
server
[k3s_cluster:vars]
airgap_dir=depot
           ^^^^^ depot has no binary: k3s-amd64 is missing for quay
`,
        'site.yml': SITE,
        'depot/k3s-airgap-images-amd64.tar.zst': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
    {
      title: 'a binary in the name of the release, and no images',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
          ansible_architecture: armv7l
  vars:
    airgap_dir: ./depot
                ^^^^^^^ playbooks/depot has no binary: k3s-arm is missing for quay, and k3s-armhf is no name that k3s-ansible looks for
                ^^^^^^^ playbooks/depot has no archive of images
                ^^^^^^^ playbooks/depot has no k3s-install.sh: k3s-ansible downloads the newest one, on the control node
`,
        'playbooks/site.yml': SITE,
        'playbooks/depot/k3s-armhf': '',
      },
    },
  ],
  good: [
    {
      title: 'all of it; a directory that is made elsewhere; images from a registry of their own',
      files: {
        'inventory.ini': `
[server]
quay ansible_architecture=x86_64
[k3s_cluster:children]
server
[k3s_cluster:vars]
airgap_dir="{{ inventory_dir }}/depot"
`,
        'site.yml': SITE,
        'depot/k3s': '',
        'depot/k3s-airgap-images-amd64.tar': '',
        'depot/k3s-install.sh': '#!/bin/sh\n',
        'other/inventory.ini': `
[server]
mole
[server:vars]
airgap_dir=/srv/depot
`,
        'registry/inventory.ini': `
[server]
mole
[server:vars]
airgap_dir="{{ inventory_dir }}/depot"
server_config_yaml="system-default-registry: registry.example.com"
`,
        'registry/depot/k3s-amd64': '',
        'registry/depot/k3s-install.sh': '#!/bin/sh\n',
      },
    },
  ],
  check: (analysis) => once(missing(analysis)),
}

/** Ways to images that need no archive: https://docs.k3s.io/installation/airgap#private-registry-method */
const REGISTRY =
  /system-default-registry|registries\.yaml|registries_config|private_registry|embedded-registry/

function* missing(analysis: Analysis): Generator<RuleFinding> {
  for (const site of airgapSites(analysis)) {
    const { directory, at, files } = site
    const names = [...files]
    const hasBinary = Object.values(airgapArchitectures).some(({ target }) => files.has(target))
    if (!hasBinary && !files.has(airgapRole.fallback))
      yield { at, message: `${directory} has no binary: ${binaries(site)}` }
    if (!names.some((name) => imagesDirectory.archives.test(name)) && !usesRegistry(analysis))
      yield { at, message: `${directory} has no archive of images`, severity: 'warning' }
    if (!files.has(airgapRole.installScript))
      yield {
        at,
        message: `${directory} has no ${airgapRole.installScript}: k3s-ansible downloads the newest one, on the control node`,
        cure: `save the install.sh of the release's git tag as ${airgapRole.installScript}`,
        severity: 'notice',
      }
  }
}

function binaries({ nodes, files }: AirgapSite): string {
  const wanted = [...new Set(nodes.map(({ arch }) => arch ?? 'amd64'))].sort()
  const targets = wanted.map((arch) => airgapArchitectures[arch].target)
  const renamed = wanted.flatMap((arch) => {
    const { asset, target } = airgapArchitectures[arch]
    return asset !== target && files.has(asset) ? [asset] : []
  })
  const verb = targets.length === 1 ? 'is' : 'are'
  const other = renamed.length === 0 ? '' : `, and ${listed(renamed)} is no name that k3s-ansible looks for`
  return `${listed(targets)} ${verb} missing for ${listed(nodes.map(({ name }) => name))}${other}`
}

function usesRegistry({ project }: Analysis): boolean {
  for (const text of project.values()) if (REGISTRY.test(text)) return true
  return false
}
