import { List } from '../../ansible/template/values.ts'
import type { FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import type { Context } from './context.ts'
import { fileOrigin } from './scope.ts'

/** Lookups that give one text, fetched on the control node. */
const FETCHES =
  /^(?:env|password|pipe|passwordstore|file|vault|hashi_vault|onepassword|bitwarden|keyring|unvault|ini|csvfile|aws_secret|secretsmanager_secret|aws_ssm|ssm_parameter|azure_keyvault_secret|gcp_secret_manager|redis|etcd|consul_kv|url|sops|random_string|random_password)$/

/** What `lookup('NAME', …)` gives on the control node, as far as that can be told without running anything. */
export function lookedUp(
  context: Context,
  plugin: string,
  args: readonly FlowValue[],
  named: ReadonlyMap<string, FlowValue>,
): FlowValue {
  const name = plugin.split('.').at(-1) ?? plugin
  const { atoms, content } = context.stage
  const [first] = args
  const term = typeof first === 'string' ? atoms.plain(first) : undefined
  if (name === 'file' && term !== undefined) {
    const path = content.findFile('files', term, fileOrigin(context))
    const text = path === undefined ? undefined : content.text(path)
    if (path !== undefined && text !== undefined)
      return atoms.mark(
        atoms.root(`file ${path}`, {
          kind: /^\$ANSIBLE_VAULT;/.test(text) ? 'vaulted' : 'literal',
          what: path,
          hop: { at: { path, start: 0, end: 0 }, what: 'read by lookup' },
          ...(text.startsWith('$ANSIBLE_VAULT;') ? { isFilled: true } : { text: text.trimEnd() }),
        }),
      )
  }
  if (name === 'first_found' || name === 'items' || name === 'list') return first ?? new List()
  if (name === 'fileglob') return new List([mark(context, 'a file on the control node', 'scenario')])
  if (FETCHES.test(name)) {
    if (named.size > 0 && named.has('default') && term === undefined) return named.get('default') ?? null
    return mark(context, `lookup('${name}'${term === undefined ? '' : `, '${term}'`})`, 'lookup')
  }
  return new Unknown(`lookup('${plugin}')`, `the lookup ${plugin} is not followed`)
}

function mark({ stage }: Context, what: string, kind: 'lookup' | 'scenario'): string {
  return stage.atoms.mark(stage.atoms.root(`${kind} ${what}`, { kind, what, isFilled: true }))
}
