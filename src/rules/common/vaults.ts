import { isVaultName, type VaultFinding, vaultFindings } from '../../ansible/vaultCheck.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import { isBelow, partsOf } from '../../path.ts'
import { escaped } from '../../syntax/regExp.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { entryOf, parseYaml, type YamlNode } from '../../syntax/yaml.ts'
import { isStandIn, isToCopy } from './literals.ts'

const found = new WeakMap<Analysis, readonly VaultFinding[]>()
const NO_VARIABLES = {
  directories: new Set(
    'tasks taskfiles handlers templates files meta manifests charts molecule docs terraform .github .gitlab .gitlab-ci .circleci .woodpecker'.split(
      ' ',
    ),
  ),
  endings: new Set(['j2', 'md', 'txt', 'sh']),
  names: new Set(['makefile', 'dockerfile', 'vagrantfile', 'jenkinsfile']),
}

/** Where files hold no variables, whatever their names say: a role that installs HashiCorp Vault has tasks/vault.yml. */
function isWithoutVariables(path: string): boolean {
  const lower = path.toLowerCase()
  const { name, ending } = partsOf(lower)
  const { directories, endings, names } = NO_VARIABLES
  return isBelow(lower, directories) || endings.has(ending) || names.has(name)
}

/** What vaulted texts and files say of themselves; worked out once for the rules that tell of it. */
export function vaultFindingsOf(analysis: Analysis): readonly VaultFinding[] {
  const known = found.get(analysis)
  if (known !== undefined) return known
  const made = [...analysis.project].flatMap(([path, text]) => {
    if (!mayTell(path, text)) return []
    const findings = vaultFindings(path, text)
    return findings.length === 0
      ? []
      : findings.filter(
          (finding) =>
            finding.id === 'vault-malformed' ||
            (analysis.isTaken(path) &&
              isMeant(finding, path, text, analysis) &&
              !(
                isToCopy(analysis, path) && isStandIn(unquoted(text.slice(finding.at.start, finding.at.end)))
              )),
        )
  })
  found.set(analysis, made)
  return made
}

const unquoted = (text: string): string => text.replace(/^(["'])([\s\S]*)\1$/, '$2').trim()

/** The findings of one rule, as it yields them. What can't be read as YAML is told by the runner. */
export function* vaultFindingsAs(analysis: Analysis, id: VaultFinding['id']): Generator<RuleFinding> {
  for (const finding of vaultFindingsOf(analysis)) {
    if (finding.id !== id || /^can't be read as YAML/.test(finding.message)) continue
    const { at, message, fix } = finding
    const isOfSample = id !== 'vault-malformed' && isToCopy(analysis, at.path)
    yield { at, message, secrets: [at], ...(isOfSample ? ofSample : { cure: fix }) }
  }
}

/** What is said of a file that is there to be copied. */
const ofSample = {
  severity: 'warning',
  cure: 'put a text there that asks to be replaced, such as CHANGE_ME; if anything has this value, make it a new one',
} as const

const SECRET = '(?:secret|token|password|passwd|passphrase|key|credentials?)s?'
const NAMED = new RegExp(`^[ \\t]*["']?vault_\\w*${SECRET}["']?[ \\t]*[:=]`, 'im')

/** Playbooks and manifests of HashiCorp Vault are large, and full of the word: read only what can hold a finding. */
function mayTell(path: string, text: string): boolean {
  if (isVaulted(text) || /!vault(?:-encrypted)?[ \t]/.test(text)) return true
  const isNamed = (): boolean => isVaultName(path) || (/vault_/i.test(text) && NAMED.test(text))
  if (isWithoutVariables(path) || !isNamed()) return false
  const first = text.split('\n', 200).find((line) => !/^\s*(?:#|---|$)/.test(line))
  return first?.startsWith('-') !== true
}

/** Settings of HashiCorp Vault are called vault_…, too: only what sounds like a secret ought to be encrypted. */
function isMeant({ id, message }: VaultFinding, path: string, text: string, analysis: Analysis): boolean {
  const { project } = analysis
  if (id === 'vault-variable-not-encrypted') {
    const [name = ''] = message.split(' ')
    if (!new RegExp(`${SECRET}$`, 'i').test(name) || /(^|\/)(hashi\w*|vault)\//i.test(path)) return false
    if (isOfProduct(name, text, project) && !isBehindItsName(name, project)) return false
  }
  return id === 'vault-file-not-encrypted'
    ? !isOfGroup(path, analysis) && isVaultOfAnsible(path, text, project)
    : holdsVariables(path, text)
}

/** What is set of HashiCorp Vault itself, and of nothing that is encrypted. */
const PRODUCT_SETTING =
  /^[ \t]*["']?vault_(?:(?:api_|cluster_)?addr|address|dns|enabled?|version|release|dev_?mode|namespace|mount(?:_\w+)?|unseal_\w+|seal_\w+|storage(?:_\w+)?|chart(?:_\w+)?|helm(?:_\w+)?|image(?:_\w+)?|listener(?:_\w+)?|ui)["']?[ \t]*[:=]/im
const PRODUCT_ROLE = /(?:^|\/)roles\/(?:[^/]*[-_.])?(?:hashi\w*|vault)(?:[-_.][^/]*)?\//i

/** Whether "vault" is the product in a name: other settings beside it are of it, or a role that installs it takes it. */
function isOfProduct(name: string, text: string, project: Analysis['project']): boolean {
  if (PRODUCT_SETTING.test(text)) return true
  const named = new RegExp(`\\b${escaped(name)}\\b`)
  return [...project].some(([path, other]) => PRODUCT_ROLE.test(path) && named.test(other))
}

/** `harbour_key: "{{ vault_harbour_key }}"`: the name says what its value is, as Ansible's manual has it. */
function isBehindItsName(name: string, project: Analysis['project']): boolean {
  const bare = escaped(name.replace(/^vault_/i, ''))
  const taken = new RegExp(`\\b${bare}["']?[ \\t]*[:=][ \\t]*["']?\\{\\{-?\\s*${escaped(name)}\\b`, 'i')
  return [...project.values()].some((text) => text.includes(name) && taken.test(text))
}

/** Keys of files that are no variables of Ansible: of Kubernetes, Compose, Taskfile, GitLab's CI. */
const FOREIGN_KEYS = ['apiVersion', 'services', 'tasks', 'include', 'stages']

function holdsVariables(path: string, text: string): boolean {
  if (isWithoutVariables(path)) return false
  if (!/\.ya?ml$/i.test(path)) return true
  const { root } = parseYaml(path, text)
  return root?.kind === 'map' && FOREIGN_KEYS.every((key) => entryOf(root, key) === undefined)
}

/** Where Ansible finds variables by itself, and has its vaults: `group_vars/all/vault.yml`. */
const OWN_PLACE = /(?:^|\/)(?:group|host)_vars\/(?:[^/]+\/)?[^/]+$|(?:^|\/)vars\/[^/]+$/i
const PLACES_OF_VARIABLES = /(?:^|\/)(?:(?:\w+_)?vars|inventor(?:y|ies)|environments?)\//i
/** Longer than of variables that say that they are vaulted: what is called `vault_…` says more than a key in a vault. */
const SECRET_KEY = new RegExp(`(?:${SECRET}|pass|pwd?|psk|pin|auth|cert(?:ificate)?s?|salt|seed)$`, 'i')

/**
 * Whether a file that is called a vault is one of Ansible's: dashboards, alerts and settings of HashiCorp Vault are called so,
 * too. Ansible's are where variables are, or hold what sounds like a secret.
 */
function isVaultOfAnsible(path: string, text: string, project: Analysis['project']): boolean {
  if (!holdsVariables(path, text)) return false
  if (OWN_PLACE.test(path) && !PRODUCT_SETTING.test(text)) return true
  const isYaml = /\.ya?ml$/i.test(path)
  if (!isYaml && !PLACES_OF_VARIABLES.test(path) && !isNamedAsVariables(path, project)) return false
  const { root } = parseYaml(path, text)
  if (root?.kind !== 'map') return false
  return (
    holdsSecret(root) ||
    (!PRODUCT_SETTING.test(text) && root.written.every(({ name }) => name.startsWith('vault_')))
  )
}

/** Variables of a group or host that is called so: HashiCorp Vault is installed on it. */
function isOfGroup(path: string, { inventories }: Analysis): boolean {
  const [, kind, name = ''] = /(?:^|\/)(group|host)_vars\/([^/.]+)(?:\.\w+)?$/.exec(path) ?? []
  return (
    kind !== undefined &&
    inventories.some(({ inventory: { groups, hosts } }) => (kind === 'group' ? groups : hosts).has(name))
  )
}

/** Whether some playbook reads its variables from the file. */
function isNamedAsVariables(path: string, project: Analysis['project']): boolean {
  const { name } = partsOf(path)
  const named = new RegExp(`[\\s"'[/,]${escaped(name)}(?=["'\\],\\s]|$)`)
  return [...project.values()].some((text) => /vars_files|include_vars/.test(text) && named.test(text))
}

/** Whether a value stands behind a key that sounds like a secret, at whatever depth. */
function holdsSecret(node: YamlNode): boolean {
  if (node.alias !== undefined || node.kind === 'scalar') return false
  if (node.kind === 'sequence') return node.items.some(holdsSecret)
  return node.written.some(({ name, value }) => SECRET_KEY.test(name) || holdsSecret(value))
}
