import { UserError } from '../../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The proxy to take for a URL; `undefined`: none. */
export type Proxies = (url: URL) => URL | undefined

/**
 * The proxies that an environment names, in lower case before upper case: `http_proxy`, `https_proxy`, `all_proxy`, and in
 * `no_proxy` the hosts that need none, with all below them. As curl has it: https://everything.curl.dev/usingcurl/proxies/env.html
 * (but for HTTP_PROXY, which curl ignores where it might run as CGI). Throws `UserError`, which never shows a login.
 */
export function proxiesOf(env: Environment): Proxies {
  const proxies = { 'http:': proxyOf('http_proxy', env), 'https:': proxyOf('https_proxy', env) }
  const exempt = (env.no_proxy ?? env.NO_PROXY ?? '').split(/[,\s]+/).filter((entry) => entry !== '')
  return (url) => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
    return exempt.some((entry) => isMeant(entry, url)) ? undefined : proxies[url.protocol]
  }
}

function proxyOf(name: string, env: Environment): URL | undefined {
  const text = env[name] || env[name.toUpperCase()] || env.all_proxy || env.ALL_PROXY || ''
  if (text === '') return undefined
  const url = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && isDecodable(url)) return new URL(url)
  throw new UserError(`what ${name} names is no HTTP proxy`, {
    fix: `write it like ${name}=http://proxy.example:3128`,
  })
}

/** Whether every percent sign of it begins an escape, as it does in a login that can be read. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

function isMeant(entry: string, url: URL): boolean {
  if (entry === '*') return true
  // An IPv6 address without brackets has colons, and no port.
  const [, name = entry, port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? []
  if (port !== undefined && Number(port) !== portOf(url)) return false
  const host = bareHost(url)
  const wanted = name
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^\*?\./, '')
    .toLowerCase()
  return host === wanted || host.endsWith(`.${wanted}`)
}

/** The host of a URL as the system takes it: an IPv6 address without its brackets. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

export const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
