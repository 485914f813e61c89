/** As the images archives of a release are named; `arm` is the 32-bit one. */
export type AirgapArchitecture = 'amd64' | 'arm64' | 'arm' | 's390x'

export interface ArchitectureNames {
  /** What `uname -m`, `ansible_architecture`, Debian and Docker call it. */
  readonly machine: readonly string[]
  /** The binary in a release. */
  readonly asset: string
  /** The binary in k3s-ansible's `airgap_dir`. */
  readonly target: string
}

/**
 * The names of a release: `setup_verify_arch` of
 * https://github.com/k3s-io/k3s/blob/0136cf258954a458da1404858396342724b93d24/install.sh and
 * https://docs.k3s.io/installation/airgap. The names that the role `airgap` looks for:
 * https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml
 */
export const airgapArchitectures: Readonly<Record<AirgapArchitecture, ArchitectureNames>> = {
  amd64: { machine: ['x86_64', 'amd64', 'x86-64', 'x64'], asset: 'k3s', target: 'k3s-amd64' },
  arm64: { machine: ['aarch64', 'arm64', 'arm64v8'], asset: 'k3s-arm64', target: 'k3s-arm64' },
  arm: {
    machine: ['armv7l', 'armv6l', 'armhf', 'arm', 'armv7', 'armv8l', 'arm32v7'],
    asset: 'k3s-armhf',
    target: 'k3s-arm',
  },
  s390x: { machine: ['s390x'], asset: 'k3s-s390x', target: 'k3s-s390x' },
}

/**
 * What the role makes of `ansible_facts.architecture`; everything else is `k3s-amd64` to it, and where the file of that name
 * is missing, the file `k3s` goes to every node, whatever it is.
 * https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml
 */
export const airgapRole = {
  knows: ['aarch64', 'armv7l', 'x86_64'],
  fallback: 'k3s',
  installScript: 'k3s-install.sh',
} as const

/**
 * The architectures that the release workflow builds; s390x was built until Drone was given up.
 * https://github.com/k3s-io/k3s/blob/051a497f4b0adf5750808b1772905a600aaceb1c/.github/workflows/release.yml
 */
export const builtToday: readonly AirgapArchitecture[] = ['amd64', 'arm64', 'arm']

/** The endings of an images archive, the smallest download first: https://docs.k3s.io/installation/airgap */
export const imageEndings = { zst: '.tar.zst', gz: '.tar.gz', tar: '.tar' } as const
export type ImageArchive = keyof typeof imageEndings

export const imagesName = (arch: AirgapArchitecture, archive: ImageArchive): string =>
  `k3s-airgap-images-${arch}${imageEndings[archive]}`

/**
 * What K3s imports from its images directory, each time it starts, in the order of the names. A `.txt` there is a list of
 * images: those that are not there are pulled, one for each line.
 * https://github.com/k3s-io/k3s/blob/02a5bee62f5d7a0811a6a9401fc9ff5b1399c0bc/pkg/agent/containerd/containerd.go,
 * https://docs.k3s.io/import-images
 */
export const imagesDirectory = {
  path: '/var/lib/rancher/k3s/agent/images',
  archives: /\.(?:tar|tar\.lz4|tar\.bz2|tbz|tar\.gz|tgz|tar\.zst|tzst)$/i,
  pullList: /\.txt$/i,
} as const

/**
 * Where a file goes on a node, as the role `airgap` copies it.
 * https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml
 */
export const airgapPlaces = {
  binary: '/usr/local/bin/k3s',
  'install-script': '/usr/local/bin/k3s-install.sh',
  images: `${imagesDirectory.path}/`,
  'selinux-package': '/tmp/',
} as const

/** Where the files are published. `+` of a version is `%2B` in a URL: https://docs.k3s.io/installation/airgap */
export const airgapSources = {
  release: 'https://github.com/k3s-io/k3s/releases/download/',
  /** Files at a git tag: `install.sh`, and `install.sh.sha256sum` with its checksum. */
  tag: 'https://raw.githubusercontent.com/k3s-io/k3s/',
  selinux: 'https://github.com/k3s-io/k3s-selinux/releases/download/',
} as const

export interface SelinuxTarget {
  /** Between release and `.noarch.rpm`. */
  readonly target: string
  /** In the name of the checksum file of a release. */
  readonly platform: string
}

/**
 * The package that fits a node: `setup_selinux` of
 * https://github.com/k3s-io/k3s/blob/0136cf258954a458da1404858396342724b93d24/install.sh. Names and tags:
 * https://github.com/k3s-io/k3s-selinux/blob/v1.6.stable.1/README.md; checksum files:
 * https://github.com/k3s-io/k3s-selinux/blob/v1.6.stable.1/.drone.yml
 */
export const selinuxTargets = {
  el7: { target: 'el7', platform: 'centos7' },
  el8: { target: 'el8', platform: 'centos8' },
  el9: { target: 'el9', platform: 'centos9' },
  sle: { target: 'sle', platform: 'microos' },
  slemicro: { target: 'slemicro', platform: 'slemicro' },
  coreos: { target: 'coreos', platform: 'coreos' },
} as const satisfies Readonly<Record<string, SelinuxTarget>>

export const selinuxRelease = {
  /** The newest of the channel stable that was there when this was written. */
  newest: 'v1.6.stable.1',
  /** The last one with checksum files: https://github.com/k3s-io/k3s-selinux/blob/6991bc1/.github/workflows/release.yml */
  lastWithChecksums: [1, 6],
} as const

/** `ansible_os_family` of a distribution: https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_conditionals.html */
export const rpmFamilies: Readonly<Record<'RedHat' | 'Suse', RegExp>> = {
  RedHat:
    /^(?:RedHat|RHEL|Red Hat.*|CentOS.*|Rocky.*|Alma.*|Oracle.*|Scientific.*|Fedora.*|Amazon.*|CloudLinux|EuroLinux|Kylin.*|openEuler|TencentOS|Alinux|Anolis.*)$/i,
  Suse: /^(?:Suse|SUSE.*|SLES.*|SLED.*|SLE.*Micro|SL-Micro|openSUSE.*|ALP-Dolomite)$/i,
}
