import { UserError } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import type { Artefact } from '../artefact.ts'

/** Another place to download from, as `--mirror` names it. */
export interface Mirror {
  /** With `{version}`, `{tag}` and `{asset}`, all three optional; without userinfo. */
  readonly layout: string
  /** `user:password` of its URL, as they are sent. */
  readonly login: Secret | undefined
}

const PLACEHOLDERS = ['{version}', '{tag}', '{asset}']

/**
 * Reads the URL of a mirror. Without placeholders its layout is a release's: `URL/<version>/<asset>`.
 * Throws `UserError`, which never shows the userinfo.
 */
export function parseMirror(text: string): Mirror {
  const unknown = [...text.matchAll(/\{[^{}]*\}/g)].find(([name]) => !PLACEHOLDERS.includes(name))
  if (unknown !== undefined)
    throw new UserError(`--mirror has a placeholder that k3seal doesn't know: ${unknown[0]}`, {
      fix: `it knows ${PLACEHOLDERS.join(', ')}`,
    })
  // Braces are legal in a path only escaped, and the parser would escape them.
  const [head = '', query = ''] = /^([^?#]*)(.*)$/s.exec(text.trim())?.slice(1) ?? []
  const url = parsed(head)
  const login =
    url.username === '' && url.password === ''
      ? undefined
      : new Secret(`${decoded(url.username)}:${decoded(url.password)}`)
  const base = head.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1').replace(/\/+$/, '')
  const layout =
    base.includes('{asset}') || query.includes('{asset}')
      ? base
      : `${base}${/\{(version|tag)\}/.test(base) ? '' : '/{version}'}/{asset}`
  return { layout: `${layout}${query}`, login }
}

function parsed(head: string): URL {
  const fix = 'write it like https://mirror.example/k3s, or name a directory'
  let url: URL
  try {
    url = new URL(head.replaceAll(/\{(\w+)\}/g, '$1'))
  } catch {
    throw new UserError('--mirror is no URL', { fix })
  }
  if (!['http:', 'https:', 'file:'].includes(url.protocol))
    throw new UserError(`--mirror can't be read by ${url.protocol.replace(/:$/, '')}`, { fix })
  return url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where an artefact is downloaded from: its own place, or its asset's in the mirror. */
export function artefactUrl(
  { asset, url }: Artefact,
  k3sVersion: string,
  mirror: Mirror | undefined,
): string {
  if (mirror === undefined) return url
  const values: Readonly<Record<string, string>> = {
    '{version}': encodeURIComponent(k3sVersion),
    // A tag of a container image may hold no plus, and mirrors that grew out of registries follow that.
    '{tag}': encodeURIComponent(k3sVersion.replaceAll('+', '-')),
    '{asset}': encodeURIComponent(asset),
  }
  return mirror.layout.replaceAll(/\{(?:version|tag|asset)\}/g, (name) => values[name] ?? name)
}

/** A URL as messages and files may show it: without userinfo, and without a query, which may hold a signature. */
export function shownUrl(text: string): string {
  const url = new URL(text)
  const login = url.host === '' ? '' : url.host
  return `${url.protocol}//${login}${url.pathname}${url.search === '' ? '' : '?…'}`
}
