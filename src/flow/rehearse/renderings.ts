import type { Undefined } from '../../ansible/template/values.ts'
import type { Atoms } from '../atoms.ts'
import {
  type EvaluationScope,
  evaluator,
  type FlowValue,
  type ScopeVariable,
  Ungiven,
} from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'

/** A variable that a template asked for, of the host itself or by `hostvars[host]`, and what it got. */
interface Read {
  readonly host: string | undefined
  readonly name: string
  readonly found: ScopeVariable
}

/** A template file as it was rendered once, and all that this hung on. */
interface Rendering {
  readonly text: string
  readonly hostNames: EvaluationScope['hostNames']
  readonly decisions: EvaluationScope['decisions']
  /** In the order of the questions: as long as the answers are the same, so is the next question. */
  readonly reads: readonly Read[]
  readonly result: string | Unknown | Undefined
}

/** One file is seldom rendered in more ways than this: then it hangs on what is another each time. */
const MOST = 20

const renderings = new WeakMap<Atoms, Map<string, Rendering[]>>()

/** A template file on a host; where all that it asks for is as it was before, so is what comes of it. */
export function rendered(path: string, text: string, scope: EvaluationScope): Rendering['result'] {
  const files = renderings.get(scope.atoms) ?? new Map<string, Rendering[]>()
  renderings.set(scope.atoms, files)
  const known = files.get(path) ?? []
  files.set(path, known)
  const before = known.find((rendering) => rendering.text === text && stands(rendering, scope))
  if (before !== undefined) return before.result
  if (known.length >= MOST) return evaluator(scope).template(path, text)
  const reads: Read[] = []
  let isAll = true
  const watched = (inner: EvaluationScope, host: string | undefined): EvaluationScope => ({
    ...inner,
    variable: (name) => {
      const found = inner.variable(name)
      reads.push({ host, name, found })
      return found
    },
    hostScope: (other) => {
      const found = inner.hostScope(other)
      if (found !== undefined) return watched(found, other)
      isAll = false
      return undefined
    },
    lookup: (plugin, args, named) => {
      isAll = false
      return inner.lookup(plugin, args, named)
    },
    file: (name) => {
      isAll = false
      return inner.file?.(name)
    },
  })
  const result = evaluator(watched(scope, undefined)).template(path, text)
  const { hostNames, decisions } = scope
  if (isAll) known.push({ text, hostNames, decisions, reads, result })
  return result
}

function stands({ hostNames, decisions, reads }: Rendering, scope: EvaluationScope): boolean {
  if (hostNames.length !== scope.hostNames.length || decisions.size !== scope.decisions.size) return false
  for (const [what, truth] of decisions) if (scope.decisions.get(what) !== truth) return false
  if (hostNames.some((name, index) => name !== scope.hostNames[index])) return false
  const others = new Map<string, EvaluationScope | undefined>()
  for (const { host, name, found } of reads) {
    if (host !== undefined && !others.has(host)) others.set(host, scope.hostScope(host))
    const own = host === undefined ? scope : others.get(host)
    if (own === undefined || !isSame(found, own.variable(name))) return false
  }
  return true
}

function isSame(a: ScopeVariable, b: ScopeVariable): boolean {
  if (a === undefined || b === undefined) return a === b
  if ('raw' in a) return 'raw' in b && a.raw === b.raw && a.at === b.at
  return 'value' in b && (a.value === b.value || isSameUnknown(a.value, b.value))
}

/** Facts are made when they are asked for. What has members is more than its words. */
function isSameUnknown(a: FlowValue, b: FlowValue): boolean {
  return (
    isPlain(a) &&
    isPlain(b) &&
    a.constructor === b.constructor &&
    a.what === b.what &&
    a.why === b.why &&
    a.at === b.at
  )
}

const isPlain = (value: FlowValue): value is Unknown =>
  value instanceof Unknown &&
  (value.constructor === Unknown || value instanceof Ungiven) &&
  value.leaf === value &&
  value.members === undefined
