import { listed, wrapped } from '../words.ts'
import type { BundleProblem } from './problem.ts'
import type { Verification } from './scene.ts'

/** Shape: `{"version":1,"problems":[{"id","path","message","cure","nodes":[…]}],"notices":[…],"checked":[{"path","what":[…]}],"unchecked":[{"path","why"}]}`. */
export function verificationJson({ problems, notices, checked, unchecked }: Verification): string {
  return `${JSON.stringify({ version: 1, problems, notices, checked, unchecked }, undefined, 2)}\n`
}

/** For people: 80 columns, no colours; problems first, what was checked last. */
export function verificationText(
  { problems, notices, checked, unchecked }: Verification,
  total: number,
): string {
  const lines = [
    ...problems.flatMap((problem) => [...problemLines(problem, total), '']),
    ...(notices.length > 0 ? ['To mind'] : []),
    ...notices.flatMap(({ path, message, cure }) =>
      wrapped(
        `${path === undefined ? sentence(message) : `${path} ${message}.`} ${sentence(cure)}`,
        '- ',
        '  ',
      ),
    ),
    ...(notices.length > 0 ? [''] : []),
    ...wrapped(summary(problems, checked, total), '', '  '),
    ...unchecked.flatMap(({ path, why }) =>
      wrapped(`${path === undefined ? '' : `${path}: `}${why}`, 'Not checked: ', '  '),
    ),
  ]
  return lines.map((line) => `${harmless(line)}\n`).join('')
}

/** Names of nodes, and versions in manifests, may hold anything; a terminal obeys control characters. */
function harmless(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function problemLines({ id, path, message, cure, nodes }: BundleProblem, total: number): readonly string[] {
  const who =
    nodes.length === 0
      ? []
      : [`stops ${nodes.length === total && total > 1 ? `all ${total} nodes` : listed(nodes)}`]
  return [
    ...wrapped(path === undefined ? message : `${path} ${message}`, '', '  '),
    ...wrapped(cure, '  cure: ', '        '),
    ...who.flatMap((text) => wrapped(text, '  ', '    ')),
    `  ${id}`,
  ]
}

function summary(
  problems: readonly BundleProblem[],
  checked: Verification['checked'],
  total: number,
): string {
  const files = checked.filter(({ path }) => path !== '.')
  const what = new Set(checked.flatMap((file) => file.what.map(kindOf)))
  const found =
    problems.length === 0 ? 'No problem' : problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const nodes = total === 0 ? '' : ` for ${total} ${total === 1 ? 'node' : 'nodes'}`
  return `${found}${nodes}. Checked ${files.length} ${files.length === 1 ? 'file' : 'files'}: ${[...what].join(', ') || 'nothing that k3seal knows'}.`
}

/** What a check is called where the file that it was made on does not matter. */
function kindOf(what: string): string {
  if (/^no secret/.test(what)) return 'secrets'
  if (what.startsWith('SHA-256 in')) return 'checksums'
  if (what.startsWith('ELF')) return 'architectures'
  if (what.startsWith('version')) return 'versions'
  if (/^images with/.test(what)) return 'layers'
  if (what.startsWith('each image')) return 'the list of images'
  if (what.startsWith('of one release')) return 'releases'
  return what.replace(/ in \d+ texts?$/, '').replace(/^SHA-256 of its/, 'digests of')
}

/** A name stays as it is written: `k3s-ansible`, `amd64`. */
function sentence(text: string): string {
  return /^[a-z]+(?=[\s,])/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : `${text}.`
}
