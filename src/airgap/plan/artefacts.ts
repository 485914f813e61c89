import { UserError } from '../../errors.ts'
import {
  airgapArchitectures,
  airgapPlaces,
  airgapRole,
  builtToday,
  imagesName,
  selinuxRelease,
  selinuxTargets,
} from '../../facts/airgap.ts'
import { type Architecture, type Artefact, architectures } from '../artefact.ts'
import { listed } from '../words.ts'
import { architecturesOf, type FoundNode } from './nodes.ts'
import type { PlanQuestion } from './question.ts'
import {
  checksumsName,
  releaseUrl,
  type SelinuxRelease,
  selinuxUrl,
  selinuxVersion,
  tagUrl,
} from './release.ts'

type Asked = Pick<PlanQuestion, 'architectures' | 'archive' | 'selinux' | 'sizes'>

/** The files for these nodes, and what to mind of them. Throws `UserError`. */
export function planArtefacts(
  version: string,
  nodes: readonly FoundNode[],
  question: Asked,
): { readonly artefacts: readonly Artefact[]; readonly remarks: readonly string[] } {
  const nodesOf = new Map<Architecture, FoundNode[]>(question.architectures.map((arch) => [arch, []]))
  for (const node of nodes)
    for (const arch of architecturesOf(node, question)) {
      const some = nodesOf.get(arch)
      if (some === undefined) nodesOf.set(arch, [node])
      else some.push(node)
    }
  const wanted = architectures.filter((arch) => nodesOf.has(arch))
  const selinux = selinuxPackages(nodes, question)
  const artefacts = [
    ...shared(version, nodes, wanted),
    ...wanted.flatMap((arch) => ofArchitecture(version, arch, nodesOf.get(arch) ?? [], question)),
    ...selinux.artefacts,
  ]
  return {
    artefacts: artefacts.map((artefact) => {
      const size = question.sizes.get(artefact.target)
      return size === undefined ? artefact : { ...artefact, size }
    }),
    remarks: [...selinux.remarks, ...remarks(nodes, wanted, nodesOf)],
  }
}

const namesOf = (nodes: readonly FoundNode[]): readonly string[] => nodes.map(({ name }) => name)

function shared(
  version: string,
  nodes: readonly FoundNode[],
  wanted: readonly Architecture[],
): readonly Artefact[] {
  const everywhere = { arch: 'any', nodes: namesOf(nodes) } as const
  return [
    {
      role: 'install-script',
      asset: 'install.sh',
      target: airgapRole.installScript,
      url: tagUrl(version, 'install.sh'),
      checksums: 'install.sh.sha256sum',
      place: airgapPlaces['install-script'],
      ...everywhere,
    },
    {
      role: 'install-script-checksum',
      asset: 'install.sh.sha256sum',
      target: 'install.sh.sha256sum',
      url: tagUrl(version, 'install.sh.sha256sum'),
      ...everywhere,
    },
    {
      role: 'image-list',
      asset: 'k3s-images.txt',
      target: 'k3s-images.txt',
      url: releaseUrl(version, 'k3s-images.txt'),
      checksums: checksumsName(wanted[0] ?? 'amd64'),
      ...everywhere,
    },
  ]
}

function ofArchitecture(
  version: string,
  arch: Architecture,
  nodes: readonly FoundNode[],
  { archive }: Asked,
): readonly Artefact[] {
  const { asset, target } = airgapArchitectures[arch]
  const images = imagesName(arch, archive)
  const checksums = checksumsName(arch)
  const their = { arch, nodes: namesOf(nodes) }
  return [
    {
      role: 'binary',
      asset,
      target,
      url: releaseUrl(version, asset),
      checksums,
      place: airgapPlaces.binary,
      ...their,
    },
    {
      role: 'images',
      asset: images,
      target: images,
      url: releaseUrl(version, images),
      checksums,
      place: airgapPlaces.images + images,
      ...their,
    },
    { role: 'checksums', asset: checksums, target: checksums, url: releaseUrl(version, checksums), ...their },
  ]
}

function selinuxPackages(
  nodes: readonly FoundNode[],
  { selinux }: Asked,
): { readonly artefacts: readonly Artefact[]; readonly remarks: readonly string[] } {
  if (selinux === false) return { artefacts: [], remarks: [] }
  const isAsked = selinux !== undefined
  const release = selinuxVersion(typeof selinux === 'string' ? selinux : undefined)
  if (release === undefined)
    throw new UserError(`${JSON.stringify(selinux)} is no version of k3s-selinux`, {
      fix: `write it like ${selinuxRelease.newest}, 1.6-1 or 1.6, or leave it out; other arguments go before --selinux`,
    })
  const needs = ({ osFamily, selinux: isOn, selinuxTarget }: FoundNode): boolean =>
    selinuxTarget !== undefined && (isOn ?? (isAsked || osFamily === 'RedHat'))
  const wanted = nodes.filter(needs)
  const targets = [...new Set(wanted.flatMap(({ selinuxTarget }) => selinuxTarget ?? []))].sort()
  const artefacts = targets.flatMap((target) =>
    selinuxFiles(
      release,
      target,
      wanted.filter((node) => node.selinuxTarget === target),
    ),
  )
  return { artefacts, remarks: selinuxRemarks(nodes, wanted, targets, isAsked) }
}

function selinuxFiles(
  release: SelinuxRelease,
  name: keyof typeof selinuxTargets,
  nodes: readonly FoundNode[],
): readonly Artefact[] {
  const { target, platform } = selinuxTargets[name]
  const asset = `k3s-selinux-${release.version}.${target}.noarch.rpm`
  const checksums = `sha256sum-${platform}-noarch.txt`
  const their = { arch: 'any', nodes: namesOf(nodes) } as const
  const file = { asset, target: asset, url: selinuxUrl(release, asset), ...their }
  const place = airgapPlaces['selinux-package'] + asset
  if (!release.hasChecksums) return [{ role: 'selinux-package', ...file, place }]
  return [
    { role: 'selinux-package', ...file, checksums, place },
    { role: 'checksums', asset: checksums, target: checksums, url: selinuxUrl(release, checksums), ...their },
  ]
}

function selinuxRemarks(
  nodes: readonly FoundNode[],
  wanted: readonly FoundNode[],
  targets: readonly string[],
  isAsked: boolean,
): readonly string[] {
  const guessed = wanted.filter(({ selinux }) => selinux === undefined)
  const release = wanted.filter(({ isReleaseKnown }) => !isReleaseKnown)
  const unknown = isAsked ? nodes.filter(({ osFamily }) => osFamily === undefined) : []
  const suse = nodes.filter(
    ({ osFamily, selinux }) => osFamily === 'Suse' && selinux === undefined && !isAsked,
  )
  const named = (some: readonly FoundNode[]): string => listed(namesOf(some))
  return [
    ...(guessed.length > 0 && !isAsked
      ? [`Assumed SELinux on for ${named(guessed)}: RedHat family, and nothing says it is off.`]
      : []),
    ...(release.length > 0
      ? [`Assumed release 9 of the distribution for ${named(release)}: nothing tells it.`]
      : []),
    ...(suse.length > 0
      ? [
          `Assumed SELinux off for ${named(suse)}: Suse family, and nothing says it is on; --selinux plans its package.`,
        ]
      : []),
    ...(unknown.length > 0
      ? [
          `No SELinux package for ${named(unknown)}: nothing tells their distribution; gather facts and name them with --facts.`,
        ]
      : []),
    ...(wanted.length > 0
      ? [
          'container-selinux and selinux-policy are not planned: take the ones of the distribution of the nodes, with what they depend on.',
        ]
      : []),
    ...(targets.length > 1
      ? [
          `One airgap_dir with packages for ${listed(targets)}: k3s-ansible would install all of them on every node with RPM; give each kind of node a directory of its own.`,
        ]
      : []),
  ]
}

function remarks(
  nodes: readonly FoundNode[],
  wanted: readonly Architecture[],
  nodesOf: ReadonlyMap<Architecture, readonly FoundNode[]>,
): readonly string[] {
  const idle = wanted.filter((arch) => nodesOf.get(arch)?.length === 0)
  const gone = wanted.filter((arch) => !builtToday.includes(arch))
  const misread = nodes.filter(
    ({ machine = 'x86_64', arch, archKnown }) => archKnown && arch !== 'amd64' && !isReadByRole(machine),
  )
  return [
    ...(wanted.length > 1
      ? [
          `k3s-ansible copies the images of ${listed(wanted)} alike to every node, where K3s imports them all: an airgap_dir for the nodes of each architecture saves time and disk.`,
        ]
      : []),
    ...(idle.length > 0
      ? [`No node of the inventory is known to be ${listed(idle)}; --arch asks for it.`]
      : []),
    ...(gone.length > 0
      ? [`Whether this release has files for ${listed(gone)} is not known: K3s builds ${listed(builtToday)}.`]
      : []),
    ...(misread.length > 0
      ? [
          `k3s-ansible's role takes ${listed(namesOf(misread))} for amd64, as it does all but aarch64 and armv7l: copy the binary there by another way.`,
        ]
      : []),
  ]
}

/** Names of K3s's own, as `k3seal_arch: arm` has them, say nothing of what the fact will be. */
function isReadByRole(machine: string): boolean {
  return (airgapRole.knows as readonly string[]).includes(machine) || !/^armv|^s390x$/.test(machine)
}
