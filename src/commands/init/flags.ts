import { dirname, isAbsolute, resolve } from 'node:path'
import { Command } from 'commander'
import { UserError } from '../../errors.ts'
import { stableRelease } from '../../facts/k3s.ts'
import { readText } from '../../io/files.ts'
import type { Draft, TokenChoice, VaultChoice } from '../../wizard/answers.ts'
import { endpointProblem, releaseProblem, userProblem } from '../../wizard/checks.ts'
import { readAnswers } from '../../wizard/dialogue.ts'
import { vaultIdAt } from '../../wizard/vaultQuestion.ts'
import { collect } from '../parse.ts'
import type { Session } from '../session.ts'

/** The options of `k3seal init`, as commander gives them. */
export interface InitFlags {
  readonly inventory?: string
  readonly server?: readonly string[]
  readonly agent?: readonly string[]
  readonly nodesCsv?: string
  readonly fromInventory?: string
  readonly fromSshConfig?: string | true
  readonly user?: string
  readonly k3sVersion?: string
  readonly apiEndpoint?: string
  readonly airgapDir?: string
  readonly agentToken?: boolean
  readonly newToken?: boolean
  readonly tokenFile?: string
  readonly tokenStdin?: boolean
  readonly vaultPasswordFile?: readonly string[]
  readonly vaultId?: readonly string[]
  readonly newVaultPassword?: string | true
  readonly askVaultPass?: boolean
  readonly encryptVaultId?: string
  readonly answers?: string
  readonly saveAnswers?: string
  readonly yes?: boolean
  readonly input: boolean
  readonly dryRun?: boolean
}

export function initOptions(): Command {
  return new Command('init')
    .description(
      'Makes a vaulted inventory, the delivery playbook and its units, or extends what is there. Asks what the flags leave open, shows every file as a diff, then writes all of them or none.',
    )
    .usage('[directory] [options]')
    .argument('[directory]', 'the Ansible project; made where it does not exist', '.')
    .optionsGroup('Nodes:')
    .option(
      '--server <NAME[=ADDRESS]>',
      'a server; again for each (…,arch=arm64,user=ops,port=2222)',
      collect,
    )
    .option('--agent <NAME[=ADDRESS]>', 'an agent; again for each', collect)
    .option('--nodes-csv <FILE>', 'nodes from a table: name,address,role,arch,user,port')
    .option('--from-inventory <FILE>', 'nodes from another inventory')
    .option(
      '--from-ssh-config [FILE]',
      'addresses from an ssh_config (default ~/.ssh/config): --server web-1 --agent "web-*"',
    )
    .optionsGroup('Cluster:')
    .option(
      '--inventory <FILE>',
      'the inventory to make or extend, relative to the directory (default: the one that is there, or inventory.yml)',
    )
    .option('--user <NAME>', 'whom Ansible logs in as')
    .option('--k3s-version <VERSION>', `the release of K3s (default ${stableRelease.version})`)
    .option('--api-endpoint <ADDRESS>', 'load balancer or virtual IP (default: the first server)')
    .option('--airgap-dir <DIR>', 'where K3s lies for nodes without internet; relative to the inventory')
    .optionsGroup('Token:')
    .option('--new-token', 'make one (the default); one that is there is never replaced')
    .option('--token-file <FILE>', 'take the one in a file')
    .option('--token-stdin', 'take the one on standard input')
    .option('--agent-token', 'a second token, for agents only')
    .option('--no-agent-token', 'one token for all (the default)')
    .optionsGroup('Vault password, to encrypt the token with:')
    .option('--vault-password-file <FILE>', 'as for ansible-playbook; a file or a script', collect)
    .option(
      '--vault-id <LABEL@SOURCE>',
      'as for ansible-playbook; SOURCE is a file, a script or prompt',
      collect,
    )
    .option('--new-vault-password [FILE]', 'make one (default: in ~/.config/k3seal)')
    .option('--ask-vault-pass', 'type it')
    .option('--encrypt-vault-id <LABEL>', 'which one to encrypt with, where there are several')
    .optionsGroup('Running:')
    .option('--answers <FILE>', 'take answers from a file')
    .option('--save-answers <FILE>', 'write the answers into a file, without secrets')
    .option('-y, --yes', 'take the defaults for what is open, and write without asking')
    .option('--no-input', 'never ask: what is missing ends with status 2')
    .option('--dry-run', 'print the diff, write nothing')
    .helpOption('-h, --help', 'this text')
    .addHelpText(
      'after',
      `
Examples:
  k3seal                                  ask everything, here
  k3seal init site --server s1=10.0.0.11 --agent a1=10.0.0.21 --user ops \\
      --airgap-dir airgap --vault-password-file ~/.vault-password --yes
  k3seal init site --answers answers.yml --dry-run

An answers file is YAML, a key for each flag:
  servers: [s1=10.0.0.11]
  agents:
    - a1=10.0.0.21,arch=arm64
    - {name: a2, address: 10.0.0.22, user: ops, port: 2222}
  user: ops
  k3s_version: ${stableRelease.version}
  api_endpoint: 10.0.0.10                 # null: the first server
  airgap_dir: airgap                      # null: nodes download K3s
  agent_token: false
  vault_password_file: ../vault-password  # or vault_id, new_vault_password,
                                          # ask_vault_pass
Also: inventory, new_token, token_file, token_stdin, encrypt_vault_id, and
vault: configured for what ansible.cfg and the environment name.
Paths of passwords and tokens start at the file.
`,
    )
}

/** The answers of the flags on top of those of the file, nodes aside. Paths become absolute. Throws `UserError`. */
export function givenAnswers(flags: InitFlags, session: Session, newPasswordPath: () => string): Draft {
  const path = (name: string): string =>
    /^[~$]/.test(name) || isAbsolute(name) ? name : resolve(session.cwd, name)
  const draft: Draft = flags.answers === undefined ? {} : answersOf(flags.answers, session)
  if (flags.inventory !== undefined) draft.inventory = flags.inventory.replaceAll('\\', '/')
  if (flags.user !== undefined) draft.user = optional('--user', flags.user, userProblem)
  if (flags.k3sVersion !== undefined) {
    refuse('--k3s-version', flags.k3sVersion, releaseProblem)
    draft.k3sVersion = flags.k3sVersion
  }
  if (flags.apiEndpoint !== undefined)
    draft.apiEndpoint = optional('--api-endpoint', flags.apiEndpoint, endpointProblem)
  if (flags.airgapDir !== undefined)
    draft.airgapDir = optional('--airgap-dir', flags.airgapDir, () => undefined)
  if (flags.agentToken !== undefined) draft.agentToken = flags.agentToken
  const token = tokenOf(flags, path)
  if (token !== undefined) draft.token = token
  const vault = vaultOf(flags, path, newPasswordPath)
  if (vault !== undefined) draft.vault = vault
  return draft
}

function answersOf(name: string, { cwd }: Session): Draft {
  const path = resolve(cwd, name)
  const text = readText(path)
  if (text === undefined)
    throw new UserError('there is no such file of answers', {
      fix: 'check the path behind --answers',
      at: name,
    })
  return readAnswers({ path: name, directory: dirname(path), text })
}

/** Nothing and `-` mean none. */
function optional(
  flag: string,
  value: string,
  problemOf: (text: string) => string | undefined,
): string | undefined {
  if (value === '' || value === '-') return undefined
  refuse(flag, value, problemOf)
  return value
}

function refuse(flag: string, value: string, problemOf: (text: string) => string | undefined): void {
  const problem = problemOf(value)
  if (problem !== undefined)
    throw new UserError(`${flag} can not be ${JSON.stringify(value)}`, { fix: problem })
}

function tokenOf(flags: InitFlags, path: (name: string) => string): TokenChoice | undefined {
  const named = [
    flags.newToken && '--new-token',
    flags.tokenFile && '--token-file',
    flags.tokenStdin && '--token-stdin',
  ]
  onlyOne(named)
  if (flags.tokenFile !== undefined) return { kind: 'file', path: path(flags.tokenFile) }
  if (flags.tokenStdin) return { kind: 'stdin' }
  return flags.newToken ? { kind: 'new' } : undefined
}

function vaultOf(
  flags: InitFlags,
  path: (name: string) => string,
  newPasswordPath: () => string,
): VaultChoice | undefined {
  const {
    vaultId = [],
    vaultPasswordFile = [],
    newVaultPassword,
    askVaultPass = false,
    encryptVaultId,
  } = flags
  const isGiven =
    vaultId.length > 0 || vaultPasswordFile.length > 0 || askVaultPass || encryptVaultId !== undefined
  onlyOne([newVaultPassword && '--new-vault-password', isGiven && 'another vault password'])
  if (isGiven)
    return {
      kind: 'given',
      vaultIds: vaultId.map((id) => vaultIdAt(id, path)),
      passwordFiles: vaultPasswordFile.map(path),
      ask: askVaultPass,
      encryptWith: encryptVaultId,
    }
  if (newVaultPassword === undefined) return undefined
  return { kind: 'new', path: newVaultPassword === true ? newPasswordPath() : path(newVaultPassword) }
}

function onlyOne(flags: readonly (string | false | undefined)[]): void {
  const [first, second] = flags.filter(Boolean)
  if (second !== undefined)
    throw new UserError(`${first} and ${second} can not be used together`, { fix: 'keep one of them' })
}
