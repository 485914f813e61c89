import { List } from '../../ansible/template/values.ts'
import { parseConfigText } from '../../syntax/configParser.ts'
import { isVaulted } from '../../syntax/vault.ts'
import type { FlowValue } from '../evaluate/index.ts'
import { type Context, fileOrigin } from './context.ts'
import { controlPath, onControlNode } from './controlNode.ts'
import { CONTROL_NODE } from './hosts.ts'
import type { World } from './world.ts'

type Named = ReadonlyMap<string, FlowValue>

/** What a lookup found for its terms: its texts as a list, or with commas between them. */
export const allOf = (found: readonly string[], named: Named): FlowValue =>
  named.get('wantlist') === true ? new List(found) : found.join(',')

/**
 * What a lookup reads of files on the control node: those of the project, and those that tasks have put there. `undefined`: it reads
 * none, or one whose text is not known. https://docs.ansible.com/ansible/latest/collections/ansible/builtin/#lookup-plugins
 */
export function readByLookup(
  context: Context,
  world: World,
  name: string,
  terms: readonly string[],
  named: Named,
): readonly string[] | undefined {
  const texts = terms.map((term) => readOne(context, world, name, term, named))
  const known = texts.filter((text) => text !== undefined)
  return known.length === 0 || known.length < texts.length ? undefined : known
}

function readOne(
  context: Context,
  world: World,
  name: string,
  term: string,
  named: Named,
): string | undefined {
  switch (name) {
    case 'file': {
      const [left = false, right = true] = [named.get('lstrip'), named.get('rstrip')]
      const text = inSearchPath(context, world, term)
      if (text === undefined || typeof left !== 'boolean' || typeof right !== 'boolean') return undefined
      const begun = left ? text.trimStart() : text
      return right ? begun.trimEnd() : begun
    }
    case 'unvault':
      return inSearchPath(context, world, term)
    case 'pipe': {
      const [, path] = /^\s*cat\s+([\w./-]+)\s*$/.exec(term) ?? []
      return path === undefined ? undefined : asItIs(context, world, path)?.trimEnd()
    }
    case 'password': {
      const [path = '', ...options] = term.split(' ')
      if (named.has('encrypt') || options.some((option) => !/^(?:length|chars)=/.test(option)))
        return undefined
      return asItIs(context, world, path, (text) => text.replace(/ salt=.*$/s, ''))?.trimEnd()
    }
    case 'ini':
      return fromIni(context, term, named)
    default:
      return undefined
  }
}

/** Where tasks look for files, as it is once a vault is opened. */
function inSearchPath(context: Context, world: World, name: string): string | undefined {
  const path = context.stage.content.findFile('files', name, fileOrigin(context))
  return path === undefined ? written(onControlNode(context, world, name)) : textAt(context, world, path)
}

/** From the directory of the playbook, by what knows nothing of vaults. */
function asItIs(
  context: Context,
  world: World,
  name: string,
  partOf?: (text: string) => string,
): string | undefined {
  const path = controlPath(context, name)
  return isVaulted(context.stage.content.text(path) ?? '') ? undefined : textAt(context, world, path, partOf)
}

const written = (file: ReturnType<typeof onControlNode>): string | undefined =>
  typeof file?.content === 'string' ? file.content : undefined

/** White space around it is left out of what is followed, so that it is the same text whoever strips it. */
function textAt(
  { stage }: Context,
  world: World,
  path: string,
  partOf = (text: string): string => text,
): string | undefined {
  const made = world.node(CONTROL_NODE).files.get(path)
  if (made !== undefined) return written(made)
  const { atoms, content } = stage
  const whole = content.text(path)
  if (whole === undefined) return undefined
  const text = partOf(whole)
  const core = text.trim()
  const start = text.indexOf(core)
  const isSealed = isVaulted(text)
  const mark = atoms.mark(
    atoms.root(`file ${path}:${core.length}`, {
      kind: isSealed ? 'vaulted' : 'literal',
      what: path,
      hop: { at: { path, start, end: start + core.length }, what: 'read by lookup' },
      ...(isSealed ? { isFilled: true } : { text: core }),
    }),
  )
  return isSealed ? mark : text.replace(core, () => mark)
}

/** An option of a section, where Python's ConfigParser has no more to say of it: it knows other comments than ansible.cfg, and `%`. */
function fromIni({ stage, ...context }: Context, term: string, named: Named): string | undefined {
  const [key = '', ...options] = term.trim().split(/\s+/)
  const inline = new Map(options.map((option) => option.split('=', 2)).map(([name, value]) => [name, value]))
  const given = (name: string): string | undefined => {
    const value = inline.get(name) ?? named.get(name)
    return typeof value === 'string' ? stage.atoms.plain(value) : undefined
  }
  const { atoms, content } = stage
  const [file, section] = [given('file'), given('section')]
  const isPlain = [...inline.keys(), ...named.keys()].every((name) =>
    /^(?:file|section|default|wantlist)$/.test(name ?? ''),
  )
  const path =
    file === undefined || !isPlain
      ? undefined
      : content.findFile('files', file, fileOrigin({ stage, ...context }))
  const text = path === undefined ? undefined : content.text(path)
  if (path === undefined || text === undefined || section === undefined || /[;%]/.test(text)) return undefined
  const { options: found, sections, faults } = parseConfigText(text)
  if (faults.length > 0 || !sections.some(({ name }) => name === section)) return undefined
  if (sections.some(({ name }) => name === 'DEFAULT')) return undefined
  const option = found.find((one) => one.section === section && one.key === key.toLowerCase())
  if (option === undefined) return inline.has('default') || named.has('default') ? given('default') : ''
  const [{ start, end }] = option.fragments
  return atoms.mark(
    atoms.root(`ini ${path}:${start}`, {
      kind: 'literal',
      what: key,
      hop: { at: { path, start, end }, what: `${key} is set here` },
      text: option.value,
    }),
  )
}
