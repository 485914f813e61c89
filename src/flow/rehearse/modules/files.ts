import type { Project } from '../../../ansible/value.ts'
import type { Span } from '../../../span.ts'
import { servicesRunning } from '../../arrival/index.ts'
import { realPath } from '../../arrival/paths.ts'
import type { Arrival } from '../../arrival.ts'
import { type Hop, hasMark } from '../../atoms.ts'
import { type PaperFile, type PaperFiles, type UnknownContent, withFile } from '../../files.ts'
import { Unknown } from '../../unknown.ts'
import { type Call, type Effect, normalised, Undecided } from '../call.ts'
import { fileOrigin } from '../context.ts'
import { controlPath, onControlNode } from '../controlNode.ts'
import { CONTROL_NODE, UNKNOWN_HOST } from '../hosts.ts'
import { noteSealed } from '../roles.ts'
import type { NodeState } from '../world.ts'
import { modeOf } from './mode.ts'

export type Content = string | UnknownContent

export const unknownContent = (unknown: string): UnknownContent => ({ unknown })

/** The same where it is made of a text that may be why. */
export const contentWith = (text: unknown, otherwise: string): UnknownContent =>
  unknownContent(text instanceof Unknown ? text.why : otherwise)

/** Writes one file; an equal content keeps its way, so that a second run changes nothing. */
export function written(
  call: Call,
  path: string,
  content: Content,
  hop: Hop,
  mode?: { readonly bits: number | 'unknown' | undefined; readonly at: Span | undefined },
  /** The way of the content so far, where it is that of another file; `anew`: nothing of what was at the path is left. */
  from?: readonly Hop[] | 'anew',
): Effect {
  const { files } = call.node
  const before = files.get(path)
  const bits = mode === undefined ? before?.mode : mode.bits
  const same = before !== undefined && before.content === content
  const way = from === undefined || from === 'anew' ? (before?.hops ?? []) : from
  // What the same task wrote before it writes again, and what came behind that, was of another run.
  const again = from === 'anew' ? way.findIndex(({ at }) => at === hop.at) : -1
  const file: PaperFile = {
    kind: 'file',
    content,
    mode: bits,
    owner: before?.owner,
    hops: same
      ? before.hops
      : [...(again === -1 ? way : way.slice(0, again)).filter((known) => known.at !== hop.at), hop],
  }
  const next = withFile(files, path, file)
  return {
    node: { files: next, ...binary(path) },
    ...(typeof content === 'string' ? { changed: !same || before.mode !== bits } : {}),
    events: [fileEvent(call, path, file, mode?.at)],
  }
}

/** A file of that name is K3s itself: from now on `k3s --version` answers. */
function binary(path: string): { readonly k3s?: 'present' } {
  return /\/bin\/k3s$/.test(path) ? { k3s: 'present' } : {}
}

export function fileEvent(call: Call, path: string, file: PaperFile, modeAt: Span | undefined) {
  const { host } = call
  return {
    what: 'file-written',
    host,
    kind: 'agent',
    at: call.task.action.at,
    path,
    file,
    modeAt,
    group: ownership(call, 'group'),
    task: taskRun(call),
  } as const
}

const ownership = (call: Call, name: 'group' | 'owner'): string | undefined =>
  call.argument(name) === undefined ? undefined : (call.plain(name) ?? 'unknown')

/** What rules learn of the task that a call is of. */
export function taskRun(call: Call) {
  const { task, context } = call
  return {
    name: task.name,
    at: task.action.at,
    module: task.action.module,
    noLog: truthOf(call, context.noLog),
    diff: context.diff === undefined || truthOf(call, context.diff) !== false,
    uses: call.uses,
  }
}

/** Of a keyword, false where nobody says it. */
function truthOf({ evaluator }: Call, placed: Call['context']['noLog']): boolean | 'unknown' {
  if (placed === undefined) return false
  const value = evaluator.truth(evaluator.value(placed.value, placed.at))
  return value instanceof Unknown ? 'unknown' : value
}

const mode = (call: Call, path: string) => ({
  bits: modeOf(call, call.node.files.get(path)?.mode),
  at: call.argument('mode')?.at,
})

function destination(call: Call, source: string | undefined): string | undefined {
  const text = call.text('dest', 'path', 'destfile', 'name')
  const path = call.path('dest', 'path', 'destfile', 'name')
  if (typeof text !== 'string' || path === undefined) return undefined
  const directory =
    /\/$/.test(call.atoms.traced(text).text) || call.node.files.get(path)?.kind === 'directory'
  if (!directory) return path
  const base = source?.replace(/\/+$/, '').split('/').at(-1)
  return base === undefined ? undefined : normalised(`${path}/${base.replace(/\.j2$/, '')}`)
}

/** A file that a task before has put on the control node, and that this one carries on. */
function fromControlNode(call: Call, source: string): PaperFile | undefined {
  const there = onControlNode(call.context, call.world, source)
  if (typeof there?.content === 'string')
    call.use('content', there.content, call.argument('src')?.at ?? call.task.action.at)
  return there
}

/** Whether a file that is there stays as it is, its mode included. */
const isKept = (call: Call, path: string): boolean =>
  call.flag('force', true) === false && call.node.files.has(path)

export function copy(call: Call): Effect {
  const content = call.argument('content')
  const source = call.text('src')
  const sourcePath = typeof source === 'string' ? call.atoms.traced(source).text : undefined
  const path = destination(call, sourcePath)
  if (path === undefined) return {}
  if (isKept(call, path)) return { changed: false }
  const value = call.value('content')
  const isNothing = value === undefined || (value === null && (source !== undefined || call.isNull(content)))
  if (isNothing && source === undefined) return { failed: 'src (or content) is required', changed: false }
  if (content !== undefined && !isNothing) {
    const text =
      typeof value === 'object' && value !== null && !(value instanceof Unknown)
        ? call.evaluator.text(content.value, content.at)
        : call.textOf(content)
    call.use('content', typeof text === 'string' ? text : undefined, content.at)
    const known: Content =
      typeof text === 'string' ? text : contentWith(text, 'the content depends on what only a real run shows')
    return written(call, path, known, call.hop(`writes ${shown(path)}`), mode(call, path), 'anew')
  }
  if (call.flag('remote_src', false) !== false) {
    const from = sourcePath === undefined ? undefined : normalised(sourcePath)
    if (from !== undefined && isMissing(call, from))
      return { failed: `${shown(from)} is not there`, changed: false }
    const there = from === undefined ? undefined : (call.node.files.get(from) ?? keptToken(call, from))
    return written(
      call,
      path,
      there?.content ?? unknownContent('copied on the node'),
      call.hop(`copies to ${shown(path)}`),
      there !== undefined && call.plain('mode') === 'preserve'
        ? { bits: there.mode, at: call.argument('mode')?.at }
        : mode(call, path),
      there?.hops,
    )
  }
  const found =
    sourcePath === undefined
      ? undefined
      : call.context.stage.content.findFile('files', sourcePath, fileOrigin(call.context))
  const text = found === undefined ? undefined : call.context.stage.content.text(found)
  if (
    found !== undefined &&
    call.flag('decrypt', true) !== false &&
    call.context.stage.content.isSealed(found)
  )
    return unsealed(call, path, found, `is copied to ${shown(path)}`)
  const there =
    sourcePath === undefined || found !== undefined ? undefined : fromControlNode(call, sourcePath)
  return written(
    call,
    path,
    text ?? there?.content ?? unknownContent('a file of the control node'),
    found === undefined
      ? call.hop(`copies to ${shown(path)}`)
      : { at: { path: found, start: 0, end: 0 }, what: `is copied to ${shown(path)}` },
    mode(call, path),
    there?.hops,
  )
}

export function template(call: Call): Effect {
  const source = call.plain('src')
  const path = destination(call, source)
  if (path === undefined) return {}
  if (isKept(call, path)) return { changed: false }
  const found =
    source === undefined
      ? undefined
      : call.context.stage.content.findFile('templates', source, fileOrigin(call.context))
  const text = found === undefined ? undefined : call.context.stage.content.text(found)
  const there = source === undefined || found !== undefined ? undefined : fromControlNode(call, source)
  if (typeof there?.content === 'string')
    return written(call, path, there.content, call.hop(`writes ${shown(path)}`), mode(call, path), there.hops)
  if (found === undefined || text === undefined) {
    call.note(templateMissing(call, source))
    return written(
      call,
      path,
      unknownContent('its template is not in the project'),
      call.hop(`writes ${shown(path)}`),
      mode(call, path),
    )
  }
  if (call.context.stage.content.isSealed(found))
    return unsealed(call, path, found, `is rendered to ${shown(path)}`)
  const rendered = call.rendered(found, text)
  call.use(
    'content',
    typeof rendered === 'string' ? rendered : undefined,
    call.argument('src')?.at ?? call.task.action.at,
  )
  const content: Content = typeof rendered === 'string' ? rendered : unknownContent(rendered.why)
  if (typeof rendered !== 'string') call.note(`the template ${found} could not be followed: ${rendered.why}`)
  return written(
    call,
    path,
    content,
    call.hop(`renders ${found} to ${shown(path)}`),
    mode(call, path),
    'anew',
  )
}

/**
 * Ansible decrypts a file that is encrypted as a whole before it writes what is in it. That may be a token where one is in a
 * file of its own; of settings nobody knows whether they have one.
 */
function unsealed(call: Call, path: string, found: string, what: string): Effect {
  const { atoms, context } = call
  const at = { path: found, start: 0, end: 0 }
  if (OF_K3S.test(path) || OF_SERVICES.test(path)) noteSealed(context.stage, [found])
  if (hasSettings(path))
    return written(
      call,
      path,
      unknownContent(`${found} is encrypted as a whole`),
      { at, what },
      mode(call, path),
      [],
    )
  const hop = { at, what: 'is encrypted as a whole' }
  const content = atoms.mark(
    atoms.root(`file ${found}`, { kind: 'vaulted', what: found, hop, isFilled: true }),
  )
  call.use('content', content, call.argument('src')?.at ?? call.task.action.at)
  return written(call, path, content, { at, what }, mode(call, path), [])
}

const HAS_SETTINGS = /\.(?:ya?ml|json|env|conf|service)$/

/** Whether more stands in a file of that name than a token. */
export const hasSettings = (path: string): boolean => OF_SERVICES.test(path) || HAS_SETTINGS.test(path)

const templatesElsewhere = new WeakMap<Project, Map<string, string | undefined>>()

/** Why nothing is known of a template. */
function templateMissing(call: Call, source: string | undefined): string {
  if (source === undefined) {
    const named = call.text('src')
    const what =
      named instanceof Unknown
        ? named.what
        : call.atoms.in(named ?? '').find(({ text }) => text === undefined)?.what
    return `which template is rendered is not known${what === undefined ? '' : `: ${what}`}`
  }
  const elsewhere = templateElsewhere(call, source)
  return elsewhere === undefined
    ? `the template ${normalised(source)} is not in the project`
    : `Ansible does not find the template ${source} from here: it stands at ${elsewhere}`
}

/** Where a template stands that is not found from where it is named. */
function templateElsewhere({ context: { stage } }: Call, name: string): string | undefined {
  const { project } = stage
  const known = templatesElsewhere.get(project) ?? new Map<string, string | undefined>()
  templatesElsewhere.set(project, known)
  if (!known.has(name)) {
    const path = `templates/${name}`
    known.set(
      name,
      [...project.keys()].find((one) => one === path || one.endsWith(`/${path}`)),
    )
  }
  return known.get(name)
}

export function file(call: Call): Effect {
  const path = call.path('path', 'dest', 'name')
  if (path === undefined) return {}
  const { files } = call.node
  const before = files.get(path)
  switch (call.plain('state') ?? (call.argument('state') === undefined ? 'file' : undefined)) {
    case 'absent':
      return removed(call, path)
    case 'directory':
      return directoryMade(call, path)
    case 'link':
    case 'hard': {
      const source = call.path('src')
      if (source === undefined) return {}
      const target = source.startsWith('/')
        ? source
        : normalised(`${path.slice(0, path.lastIndexOf('/'))}/${source}`)
      const link: PaperFile = {
        kind: 'link',
        content: target,
        mode: 0o777,
        owner: undefined,
        hops: [call.hop(`links ${shown(path)}`)],
      }
      return {
        node: { files: new Map(files).set(path, link), ...binary(path) },
        changed: before?.content !== target,
      }
    }
    case 'touch':
    case 'file': {
      if (before === undefined && call.plain('state') !== 'touch') return {}
      return written(call, path, before?.content ?? '', call.hop(`sets ${shown(path)}`), mode(call, path))
    }
    default:
      return {}
  }
}

/** One that is there keeps what is in it, and its mode unless the task says another. */
function directoryMade(call: Call, path: string): Effect {
  const { files } = call.node
  const before = files.get(path)
  const made = directoryOf(call, path)
  const isThere = before?.kind === 'directory'
  const changed = !isThere || before.mode !== made.mode
  return {
    ...(changed
      ? { node: { files: isThere ? withFile(files, path, made) : new Map(files).set(path, made) } }
      : {}),
    changed,
    events: [
      {
        what: 'directory-made',
        host: call.host,
        kind: 'agent',
        at: call.task.action.at,
        path,
        mode: made.mode,
        owner: ownership(call, 'owner'),
      },
    ],
  }
}

function directoryOf(call: Call, path: string): PaperFile {
  return { kind: 'directory', content: '', mode: mode(call, path).bits, owner: undefined, hops: [] }
}

/** A path and all below it are gone. */
export function removed(call: Call, path: string): Effect {
  const files = withoutFile(call.node.files, path)
  const gone = /\/bin\/k3s$/.test(path) ? ({ k3s: 'absent' } as const) : {}
  return { node: { files, ...gone }, changed: files.size !== call.node.files.size }
}

export function withoutFile(files: PaperFiles, path: string): PaperFiles {
  return new Map([...files].filter(([name]) => name !== path && !name.startsWith(`${path}/`)))
}

export function downloaded(call: Call): Effect {
  const url = call.plain('url')
  const path = destination(call, url)
  if (path === undefined) return {}
  return written(
    call,
    path,
    unknownContent(url === undefined ? 'downloaded' : `downloaded from ${url}`),
    call.hop(`downloads ${shown(path)}`),
    mode(call, path),
  )
}

/** Where K3s and its install script put what they make: on a clean node nothing of that is there. Elsewhere users put theirs. */
const OF_K3S =
  /^(?:\/etc\/rancher|\/(?:var\/lib|run|var\/run)\/(?:rancher|k3s|kubelet)|\/var\/log\/k3s)(?:\/|$)|^\/(?:etc|usr\/lib|lib)\/systemd\/system\/k3s|^\/etc\/(?:default|sysconfig|init\.d|conf\.d)\/k3s|^\/(?:usr\/)?(?:local\/)?s?bin\/k3s/i

export function stat(call: Call): Effect {
  const path = call.path('path', 'dest', 'name')
  if (path === undefined) return {}
  const there = existing(call, path)
  return {
    changed: false,
    result: new Map([
      [
        'stat',
        new Unknown(
          `stat of ${shown(path)} on ${call.target}`,
          'a file of the node',
          call.task.at,
          undefined,
          (key) => {
            if (key === 'exists')
              return there === undefined
                ? new Unknown(`${shown(path)} exists on ${call.target}`, 'a file of the node', call.task.at)
                : there
            if (there === false) return undefined
            if (key === 'path') return path
            if (key === 'isdir' || key === 'islnk' || key === 'isreg') {
              const kind = call.node.files.get(path)?.kind
              if (kind !== undefined)
                return kind === (key === 'isdir' ? 'directory' : key === 'islnk' ? 'link' : 'file')
            }
            return new Unknown(
              `stat of ${shown(path)} on ${call.target}: ${key}`,
              'a file of the node',
              call.task.at,
            )
          },
        ),
      ],
    ]),
  }
}

/** Where packages bring units, init scripts and their settings. */
const OF_SERVICES = /^\/(?:etc|lib|usr\/lib)\/(?:systemd\/system|default|sysconfig|init\.d|conf\.d)\//

/** Whether K3s' package may have brought a file to a path. */
export const mayBePackaged = ({ isPackaged }: NodeState, path: string): boolean =>
  isPackaged && (OF_SERVICES.test(path) || path.startsWith('/usr/'))

/** Users put images there before K3s is: https://docs.k3s.io/installation/airgap */
const IMAGES = /\/agent\/images(?:\/|$)/

/** Whether a path is there; `undefined` where only the node could say. */
export function existing(call: Call, path: string, node: NodeState = call.node): boolean | undefined {
  const { files, k3s } = node
  if (!call.isOnNode || (TOKEN_FILE.test(path) && mayKeepElsewhere(node))) return undefined
  if (files.has(path) || [...files.keys()].some((name) => name.startsWith(`${path}/`))) return true
  if (/\/bin\/k3s$/.test(path)) return k3s !== 'absent'
  if (node.isOpen || mayBePackaged(node, path)) return undefined
  if (!OF_K3S.test(path) || IMAGES.test(path)) return undefined
  return MADE_AS_IT_RUNS.test(path) && !TOKEN_FILE.test(path) ? madeBy(node, path) : false
}

/** Where K3s keeps what it makes as it runs. */
const MADE_AS_IT_RUNS = /^\/(?:var\/(?:lib|run|log)|run)\/|^\/etc\/rancher\/node(?:\/|$)/
/** Of that what each server makes before it says that it is ready. */
const OF_EACH_SERVER = /^\/(?:cred|manifests|tls|tls\/(?:server|client|request-header)-ca\.(?:crt|key))$/

/**
 * Where its binary unpacks itself before it is server or agent, unless it is told of another data directory:
 * https://github.com/k3s-io/k3s/blob/0208f16b5fea0f53dc4289b7acc4eb7c4c41397b/cmd/k3s/main.go
 */
const UNPACKED = '/var/lib/rancher/k3s/data'

/** Whether K3s, which has run on the node, may have made a path that is not on it as far as that is followed. */
export function mayBeMade({ node, isOnNode }: Call, path: string): boolean {
  if (!isOnNode || !OF_K3S.test(path) || !MADE_AS_IT_RUNS.test(path)) return false
  return TOKEN_FILE.test(path) ? mayKeepElsewhere(node) : madeBy(node, path) === undefined
}

/** Whether K3s has made a file as it ran; `undefined` where that depends on more than is followed. */
function madeBy(node: NodeState, path: string): boolean | undefined {
  if (node.starts.size === 0 && node.founding === undefined) return false
  const isUnpacked = path === UNPACKED
  const [, server = isUnpacked ? SERVER_DIR : undefined, below = ''] =
    /^(.*\/server)(\/.*|$)/.exec(path) ?? []
  if (server === undefined) return undefined
  const servers = serversStarted(node)
  if (servers.length === 0) return isUnpacked ? undefined : false
  // Without its token the directory may have been taken away since.
  const isTheirs = node.files.has(`${server}/token`) && servers.every((one) => serverDirOf(one) === server)
  return isTheirs && (isUnpacked || OF_EACH_SERVER.test(below)) ? true : undefined
}

export function slurp(call: Call): Effect {
  const path = call.path('src', 'path')
  if (path === undefined) return {}
  if (isMissing(call, path)) return { failed: `${shown(path)} is not there`, changed: false }
  const content = readBack(call, path)
  const { at } = call.task.action
  const encoded = call.atoms.root(`${call.target} slurp ${path} ${content ?? ''} ${at.path}:${at.start}`, {
    kind: 'runtime',
    what: `${shown(path)}, encoded`,
    isFilled: true,
    ...(content === undefined ? {} : { decoded: content }),
  })
  call.use('result', content, at)
  return {
    changed: false,
    result: new Map([
      ['content', call.atoms.mark(encoded)],
      ['encoding', 'base64'],
      ['source', path],
    ]),
  }
}

export const isFetch = ({ module }: { readonly module: string }): boolean => /(?:^|\.)fetch$/.test(module)

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/fetch_module.html */
export function fetch(call: Call): Effect {
  const source = call.path('src')
  const written = call.text('dest')
  if (source === undefined || typeof written !== 'string') return {}
  if (isMissing(call, source)) {
    const failed = `${shown(source)} is not there`
    return call.flag('fail_on_missing', true) === true ? { failed, changed: false } : { changed: false }
  }
  const content = readBack(call, source)
  if (content === undefined) return {}
  const { context, world, host } = call
  const dest = call.atoms.traced(written).text
  const base = source.slice(source.lastIndexOf('/') + 1)
  const below =
    call.flag('flat', false) === true ? (dest.endsWith('/') ? `/${base}` : '') : `/${host}${source}`
  const path = `${controlPath(context, dest)}${below}`
  const { files } = world.node(CONTROL_NODE)
  const before = files.get(path)
  const file: PaperFile = {
    kind: 'file',
    content,
    // With become it opens the file as any program does, else the connection may hand on the mode; one that is there keeps its own.
    mode:
      before === undefined ? (truthOf(call, context.become) === true ? undefined : 'unknown') : before.mode,
    owner: undefined,
    hops: [call.hop(`fetches ${shown(source)}`)],
  }
  return {
    controlNode: { files: withFile(files, path, file) },
    result: new Map([['dest', path]]),
    // A task for the file that is delegated there names it as this one does.
    events: [fileEvent(call, normalised(`${dest}${below}`), file, undefined)],
  }
}

/** Where a server keeps its token, unless it is told of another data directory. */
export const SERVER_DIR = '/var/lib/rancher/k3s/server'

/** Below that directory, where a server keeps the token that it lets others in with. */
export const KEPT = '/cred/passwd'

/** Where a server that was started so keeps its token, as far as that is known. */
export const serverDirOf = ({ dataDir }: Pick<Arrival, 'dataDir'>): string =>
  dataDir?.startsWith('/') === true ? normalised(`${dataDir}/server`) : SERVER_DIR

/** Where K3s keeps its tokens. */
export const TOKEN_FILE = /\/server\/(?:node-token|token|agent-token)$/

/**
 * Whether a node looks for its own token before K3s has started there; or, where nothing could have brought K3s, for that or
 * for a file where K3s has its own, if the play makes its server only later, or goes on without. A play that never makes any
 * is for servers that were there before.
 */
export function isMissing(call: Call, path: string): boolean {
  const isToken = TOKEN_FILE.test(path)
  const isUnserved = isToken && path.startsWith(`${SERVER_DIR}/`) && hasNeverServed(call)
  // Where that is not known K3s may not have started yet; without tolerance the play ends where it hasn't.
  if (isToken && call.isTolerant && (call.target === UNKNOWN_HOST || (isUnserved && mayHaveK3s(call)))) {
    const what = `${shown(path)} is there on ${call.target}`
    const isThere = call.world.decisions.get(what)
    if (isThere === undefined) throw new Undecided(what, call.task.action.at)
    return !isThere
  }
  const { asked, makesServers, manager } = call.context.stage
  // Of K3s that this run itself has installed it is known that it has not started.
  if (isUnserved && !mayHaveK3s(call) && servicesRunning(call.node.files, manager, call.atoms).length > 0)
    return true
  if (isToken && isKeptElsewhere(call, path)) return true
  if (!isBare(call, path)) return false
  if (call.isTolerant) return true
  // Any other file users may have brought, unless the play says what to do without.
  if (!isToken) return call.context.isRescued === true
  asked.add('own-token')
  return makesServers
}

/** The servers of K3s that were seen to start on the node. */
const serversStarted = ({ founding, starts }: NodeState): readonly Arrival[] =>
  [
    ...(founding === undefined ? [] : [founding]),
    ...[...starts.values()].map(({ arrival }) => arrival),
  ].filter(({ command }) => command !== 'agent')

/** Whether nobody knows where one of them keeps its token. */
const mayKeepElsewhere = (node: NodeState): boolean =>
  serversStarted(node).some(({ dataDir }) => dataDir === undefined)

/** Whether all of them keep their tokens in other directories, and nothing brings one to this path. */
function isKeptElsewhere(call: Call, path: string): boolean {
  const { node, isOnNode, context } = call
  const { files } = node
  const servers = serversStarted(node)
  const isFollowed = isOnNode && !mayHaveK3s(call) && !context.stage.relevance.mayMoveFiles
  if (servers.length === 0 || !isFollowed) return false
  const real = realPath(files, path)
  if (real === undefined || [path, ...files.keys()].some((name) => TOKEN_FILE.test(name) && hasMark(name)))
    return false
  const isBrought = [...files].some(
    ([name, { kind }]) => kind === 'file' && `${real}/`.startsWith(`${name}/`),
  )
  return (
    !isBrought &&
    servers.every(
      (one) =>
        one.dataDir?.startsWith('/') === true && !real.startsWith(`${realPath(files, serverDirOf(one))}/`),
    )
  )
}

const hasTokenFile = ({ files }: NodeState): boolean =>
  [...files.keys()].some((name) => TOKEN_FILE.test(name))

/** Whether something that is not followed may have brought or started K3s. */
const mayHaveK3s = ({ node, context: { stage } }: Call): boolean =>
  node.isOpen || node.isPackaged || stage.relevance.mayBringK3s

/** Whether no server of K3s was seen to run on a node that was clean before: only one that runs has files with its token. */
function hasNeverServed({ node, context: { stage }, isOnNode }: Call): boolean {
  const { k3s, again } = stage.scenario
  return (
    isOnNode &&
    (k3s === undefined || k3s === 'absent' || again === true) &&
    node.founding === undefined &&
    !hasTokenFile(node)
  )
}

function isBare(call: Call, path: string): boolean {
  const { node, host, target, context } = call
  const isPlayed = target === host || context.playHosts.includes(target)
  if (!isPlayed || !call.isOnNode || mayHaveK3s(call)) return false
  if (!TOKEN_FILE.test(path)) return node.k3s === 'absent' && existing(call, path) === false
  return (
    path.startsWith(`${SERVER_DIR}/`) &&
    (hasNeverServed(call) || (node.k3s === 'absent' && !hasTokenFile(node)))
  )
}

/** The content of a file as a task reads it; where K3s keeps its token, that token. */
export function readBack(call: Call, path: string, node: NodeState = call.node): string | undefined {
  const { atoms } = call
  const there = node.files.get(path)
  const found = there ?? [...node.files].find(([name]) => TOKEN_FILE.test(path) && TOKEN_FILE.test(name))?.[1]
  if (typeof found?.content === 'string' && found.kind === 'file') {
    // Whether that is the file which a server was seen to write nobody knows: the way to that one is not told.
    const isElsewhere = there === undefined && hasMark(path) && !mayKeepElsewhere(node)
    const hop = call.hop(
      isElsewhere
        ? `is read from ${shown(path)}, a path that is not known`
        : `is read back from ${shown(path)}`,
    )
    return [...found.content]
      .map((character) => {
        const [atom] = atoms.in(character)
        if (atom === undefined) return character
        if (isElsewhere) return atoms.mark(atoms.derive(atom.root, hop, { text: undefined, isFilled: true }))
        const known = new Set(atoms.hops(atom).map(placeOf))
        const way = [...found.hops.filter((one) => !known.has(placeOf(one))), hop]
        return atoms.mark(way.reduce((last, next) => atoms.derive(last, next), atom))
      })
      .join('')
  }
  return TOKEN_FILE.test(path)
    ? `${call.serverToken(call.target, `is read from ${shown(path)}`)}\n`
    : undefined
}

const placeOf = ({ at }: Hop): string => `${at.path}:${at.start}`

/** The file in which a server keeps its token, on a node of which nothing else is known. */
export function keptToken(call: Call, path: string): PaperFile | undefined {
  const content = TOKEN_FILE.test(path) ? readBack(call, path) : undefined
  return content === undefined
    ? undefined
    : { kind: 'file', content, mode: 0o600, owner: 'root', hops: [call.hop(`is read from ${shown(path)}`)] }
}

/** A path for a message: what is not known in it is an ellipsis. */
export function shown(path: string): string {
  return path.replace(/[\u{f0000}-\u{ffffd}]+/gu, '…')
}
