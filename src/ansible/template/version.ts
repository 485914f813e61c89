import { compareTexts } from './comparison.ts'
import { refused } from './values.ts'

export type VersionKind = 'loose' | 'strict' | 'semver'

/** Compares two versions as Ansible's test `version` does: negative, 0 or positive. */
export function compareVersions(a: string, b: string, kind: VersionKind): number {
  if (kind === 'semver') return compareSemantic(semantic(a), semantic(b))
  return kind === 'strict' ? compareStrict(strict(a), strict(b)) : compareLoose(loose(a), loose(b))
}

/** Runs of digits as numbers, runs of small letters, and whatever stands between dots. */
function loose(text: string): readonly (bigint | string)[] {
  return text
    .split(/(\d+|[a-z]+|\.)/)
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (/^\d+$/.test(part) ? BigInt(part) : part))
}

function compareLoose(a: readonly (bigint | string)[], b: readonly (bigint | string)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    if (left === right) continue
    if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : 1
    if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right)
    throw refused('two versions differ in form, so that they can’t be compared')
  }
  return a.length - b.length
}

interface Strict {
  readonly numbers: readonly bigint[]
  readonly pre: readonly [string, bigint] | undefined
}

function strict(text: string): Strict {
  const [, major, minor, patch = '0', letter, number] =
    /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(text) ?? []
  if (major === undefined || minor === undefined) throw refused('a version has not the strict form')
  return {
    numbers: [BigInt(major), BigInt(minor), BigInt(patch)],
    pre: letter === undefined || number === undefined ? undefined : [letter, BigInt(number)],
  }
}

function compareStrict(a: Strict, b: Strict): number {
  const numbers = compareLoose(a.numbers, b.numbers)
  if (numbers !== 0) return numbers
  if (a.pre === undefined || b.pre === undefined)
    return Number(b.pre !== undefined) - Number(a.pre !== undefined)
  return compareLoose(a.pre, b.pre)
}

interface Semantic {
  readonly numbers: readonly bigint[]
  readonly pre: readonly string[]
}

/** https://semver.org, item 10: what stands behind + does not count. */
function semantic(text: string): Semantic {
  const [, major, minor, patch, pre] =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([\da-zA-Z.-]+))?(?:\+[\da-zA-Z.-]+)?$/.exec(text) ?? []
  if (major === undefined || minor === undefined || patch === undefined)
    throw refused('a version has not the form of semantic versioning')
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], pre: pre?.split('.') ?? [] }
}

function compareSemantic(a: Semantic, b: Semantic): number {
  const numbers = compareLoose(a.numbers, b.numbers)
  if (numbers !== 0) return numbers
  if (a.pre.length === 0 || b.pre.length === 0) return Number(a.pre.length === 0) - Number(b.pre.length === 0)
  for (const [index, left] of a.pre.entries()) {
    const right = b.pre[index]
    if (right === undefined) return 1
    if (left === right) continue
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)]
    if (leftIsNumber && rightIsNumber) return BigInt(left) < BigInt(right) ? -1 : 1
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1
    return compareTexts(left, right)
  }
  return a.pre.length - b.pre.length
}
