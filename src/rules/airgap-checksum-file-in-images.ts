import type { Placed, Task } from '../ansible/content/index.ts'
import { directoryOf, joinPath, normalPath } from '../ansible/inventory/projectTree.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { airgapSites } from './common/airgapSites.ts'
import { once } from './common/once.ts'
import { tasksOf } from './common/tasks.ts'

const IMAGES = /\/agent\/images(?:\/|$)/
/** Lists of a release: https://docs.k3s.io/installation/airgap. Another `.txt` may be meant as a list of images to pull. */
const LISTS = ['sha256sum-amd64.txt', 'k3s-images.txt']
const isList = (name: string): boolean => /^(?:sha256sum-[\w-]+|k3s-images)\.txt$/.test(name)

export const airgapChecksumFileInImages: Rule = {
  id: 'airgap-checksum-file-in-images',
  severity: 'warning',
  summary: 'Checksum file or list in the images directory',
  why: 'K3s takes every .txt in its images directory for a list of images, and pulls what is not there, each time it starts. Of a checksum file it tries to pull one image for every line, and of k3s-images.txt all that the archives did not bring: without internet that fails line by line, among the messages that matter.',
  fix: 'copy only archives there: *.tar, *.tar.gz, *.tar.zst',
  see: ['https://docs.k3s.io/import-images', 'k3s-io/k3s@02a5bee6:pkg/agent/containerd/containerd.go'],
  bad: [
    {
      title: 'everything in the airgap directory, and all its lists',
      files: {
        'site.yml': `
- hosts: harbour
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Binary
  ansible.builtin.copy:
    src: "{{ depot }}/k3s"
    dest: /usr/local/bin/k3s
    mode: "0755"
- name: Images
  ansible.builtin.copy:
    src: "{{ depot }}/"
         ^^^^^^^^^^^^^^ copies all of {{ depot }}, checksum files too, to where K3s takes every .txt for a list of images to pull
    dest: /var/lib/rancher/k3s/agent/images/
    mode: "0644"
- name: Images one by one
  ansible.builtin.copy:
    src: "{{ item }}"
    dest: /var/lib/rancher/k3s/agent/images/{{ item | basename }}
    mode: "0644"
  with_fileglob:
    - "{{ depot }}/*.tar.gz"
    - "{{ depot }}/*.txt"
      ^^^^^^^^^^^^^^^^^^^ *.txt copies checksum files, too, to where K3s takes every .txt for a list of images to pull
- name: Images at once
  ansible.builtin.shell: cp {{ depot }}/* /var/lib/rancher/k3s/agent/images/
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ copies all of {{ depot }}, checksum files too, to where K3s takes every .txt for a list of images to pull
`,
      },
    },
    {
      title: 'a directory of the project',
      files: {
        'files/var/lib/rancher/k3s/agent/images/sha256sum-arm64.txt': `
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  k3s-arm64
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ K3s takes sha256sum-arm64.txt for a list of images to pull
`,
        'roles/edge/tasks/main.yml': `
- name: Images
  ansible.builtin.copy:
    src: images/
         ^^^^^^^ copies sha256sum-amd64.txt, which K3s takes for a list of images to pull
    dest: /var/lib/rancher/k3s/agent/images/
    mode: "0644"
`,
        'roles/edge/files/images/sha256sum-amd64.txt': 'e3b0c442  k3s\n',
        'roles/edge/files/images/k3s-airgap-images-amd64.tar': '',
      },
    },
  ],
  good: [
    {
      title: 'archives alone, a list that is meant, and a directory that is nothing but images',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Images
  ansible.builtin.copy:
    src: "{{ item }}"
    dest: /var/lib/rancher/k3s/agent/images/{{ item | basename }}
    mode: "0644"
  with_fileglob:
    - "{{ depot }}/*.tar"
    - "{{ depot }}/*.tar.zst"
- name: Images to pull
  ansible.builtin.copy:
    src: harbour-images.txt
    dest: /var/lib/rancher/k3s/agent/images/harbour-images.txt
    mode: "0644"
- name: All of the images
  ansible.builtin.copy:
    src: "{{ k3s_images_directory }}/"
    dest: /var/lib/rancher/k3s/agent/images/
    mode: "0644"
- name: Images of the role
  ansible.builtin.copy:
    src: images/
    dest: /var/lib/rancher/k3s/agent/images/
    mode: "0644"
- name: Into a directory below, which K3s passes over
  ansible.builtin.copy:
    src: "{{ depot }}"
    dest: /var/lib/rancher/k3s/agent/images/
    mode: "0644"
- name: Binary
  ansible.builtin.copy:
    src: "{{ depot }}/k3s"
    dest: /usr/local/bin/k3s
    mode: "0755"
`,
        'roles/edge/files/images/k3s-airgap-images-amd64.tar': '',
      },
    },
  ],
  check: (analysis) => once(found(analysis)),
}

const TAKEN = 'to where K3s takes every .txt for a list of images to pull'

function* found(analysis: Analysis): Generator<RuleFinding> {
  for (const path of analysis.disk.lists) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (!isList(name) || !IMAGES.test(directoryOf(path))) continue
    const [line = ''] = (analysis.project.get(path) ?? '').split('\n')
    yield {
      at: { path, start: 0, end: line.length },
      message: `K3s takes ${name} for a list of images to pull`,
      cure: 'keep it out of the images directory',
    }
  }
  // Parsing all tasks costs, and few projects name the directory.
  const named = new Set(
    [...analysis.project].flatMap(([path, text]) => (text.includes('/agent/images') ? [path] : [])),
  )
  if (named.size === 0) return
  for (const { task } of tasksOf(analysis)) if (named.has(task.at.path)) yield* ofTask(analysis, task)
}

function* ofTask(analysis: Analysis, task: Task): Generator<RuleFinding> {
  const { module, arguments: given, freeForm } = task.action
  if (module === 'copy' || module === 'ansible.posix.synchronize' || module === 'synchronize') {
    const { src, dest } = { src: given.get('src'), dest: given.get('dest') }
    if (typeof dest?.value !== 'string' || !IMAGES.test(dest.value) || src === undefined) return
    const sources = isItem(src) ? loopTexts(task) : [src]
    for (const source of sources) yield* ofSource(analysis, source, texts(source))
  } else if (module === 'shell' || module === 'command') {
    const command = freeForm ?? given.get('cmd')
    if (typeof command?.value !== 'string') return
    yield* ofSource(analysis, command, copied(command.value))
  }
}

const isItem = ({ value }: Placed): boolean => typeof value === 'string' && /\{\{\s*item\b/.test(value)

function loopTexts({ keywords }: Task): readonly Placed[] {
  return [...keywords].flatMap(([name, placed]) => {
    if (!/^(?:loop|with_(?:fileglob|items|list))$/.test(name)) return []
    const { node } = placed
    if (node?.kind !== 'sequence') return [placed]
    return node.items.flatMap((item) =>
      item.kind === 'scalar' ? [{ value: item.value, at: item.alias ?? item.at, node: item }] : [],
    )
  })
}

/** Paths and patterns in a value: the value itself, or what it hands to a lookup. */
function texts({ value }: Placed): readonly string[] {
  if (typeof value !== 'string') return []
  if (!/\bfileglob\b/.test(value)) return [value]
  return [...value.matchAll(/'(?=[^']*[/*.])([^']*)'|"(?=[^"]*[/*.])([^"]*)"/g)].map(
    ([, a, b]) => a ?? b ?? '',
  )
}

/** What a `cp` of a command line copies into the images directory. */
function copied(command: string): readonly string[] {
  return command.split(/\n|&&|\|\||;/).flatMap((line) => {
    const words = line.trim().match(/(?:(?=(\{\{.*?\}\}|"[^"]*"|'[^']*'|\S))\1)+/g) ?? []
    const program = words.findIndex((word) => /^(?:\S*\/)?(?:cp|rsync|mv|install)$/.test(word))
    if (program === -1 || !IMAGES.test(words.at(-1) ?? '')) return []
    return words
      .slice(program + 1, -1)
      .filter((word) => !word.startsWith('-'))
      .map((word) => word.replaceAll(/["']/g, ''))
  })
}

function* ofSource(analysis: Analysis, { at }: Placed, sources: readonly string[]): Generator<RuleFinding> {
  for (const source of sources) {
    const slash = source.lastIndexOf('/')
    const name = source.slice(slash + 1)
    const directory = slash === -1 ? '' : source.slice(0, slash)
    const files = filesAtHand(analysis, at.path, directory)
    const takes = matcher(name)
    const there = files?.find((file) => isList(file) && takes(file))
    if (there !== undefined)
      yield { at, message: `copies ${there}, which K3s takes for a list of images to pull` }
    else if (files !== undefined && /[*?]|^\.?$/.test(name)) continue
    else if (name === '' || name === '*' || name === '.') {
      if (isMixed(analysis, at.path, directory))
        yield { at, message: `copies all of ${directory}, checksum files too, ${TAKEN}` }
    } else if (LISTS.some(takes) && (isList(name) || name.includes('*')))
      yield {
        at,
        message: isList(name)
          ? `copies ${name}, which K3s takes for a list of images to pull`
          : `${name} copies checksum files, too, ${TAKEN}`,
      }
  }
}

/** Whether a file's name fits a glob; of a whole directory every one does. */
function matcher(glob: string): (name: string) => boolean {
  if (glob === '' || glob === '.') return () => true
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const regex = new RegExp(`^${pattern}$`)
  return (name) => regex.test(name)
}

/** Whether the same file takes binary or install script from there too: then it holds a release, not images alone. */
function isMixed({ project }: Analysis, path: string, directory: string): boolean {
  if (directory === '') return false
  const text = project.get(path) ?? ''
  for (let at = text.indexOf(`${directory}/`); at !== -1; at = text.indexOf(`${directory}/`, at + 1))
    if (/^(?:bin\/)?(?:k3s(?!-airgap-images)|install\.sh|rke2)/.test(text.slice(at + directory.length + 1)))
      return true
  return false
}

/** The files of a directory that a task names; `undefined` where it is not at hand. */
function filesAtHand(analysis: Analysis, path: string, directory: string): readonly string[] | undefined {
  const variable = /^\{\{\s*(\w+)\s*\}\}$/.exec(directory)?.[1]
  if (variable !== undefined) {
    const site = airgapSites(analysis).find((each) => each.variable === variable)
    return site === undefined ? undefined : [...site.files]
  }
  if (directory === '' || /^[/~]|\{\{|\*/.test(directory)) return undefined
  const role = /^(.*?)\/?(?:tasks|handlers)\//.exec(path)?.[1]
  const starts = [
    ...(role === undefined ? [] : [joinPath(role, 'files'), role]),
    ...analysis.content.playbooks.flatMap(({ path: playbook }) => {
      const beside = directoryOf(playbook)
      return [joinPath(beside, 'files'), beside]
    }),
  ]
  for (const start of starts) {
    const files = analysis.disk.filesBelow(normalPath(joinPath(start, directory)))
    if (files.length > 0) return files.map((file) => file.slice(file.lastIndexOf('/') + 1))
  }
  return undefined
}
