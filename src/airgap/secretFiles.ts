/** Names under which people and programs keep secrets. Variable files of Ansible are YAML, and are looked into instead. */
const NAMES: readonly (readonly [name: RegExp, what: string])[] = [
  [
    /^\.?(?:ansible)?[-_.]?vault[-_.]?(?:pass|passwd|password|passphrase|key|secret)s?(?:[-_.]?(?:file|client))?(?:\.(?:txt|sh|py|key|gpg|asc))?$/i,
    'a vault password',
  ],
  [/^\.?vault[-_.](?:pass|password)[-_.][\w.-]*$/i, 'a vault password'],
  [/^\.env(?:\.(?!example$|sample$|template$|dist$)[\w.-]+)?$/i, 'a file of environment variables'],
  [/^id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?$/i, 'an SSH key'],
  [/^ssh_host_\w+_key$/i, 'an SSH key'],
  [/\.(?:ppk|p12|pfx|jks|kdbx?|keystore)$/i, 'a store of keys'],
  [/^(?:\.netrc|_netrc|\.pgpass|\.git-credentials|\.htpasswd)$/i, 'a file of passwords'],
  [/^(?:kubeconfig|k3s\.yaml|admin\.conf)$/i, 'a kubeconfig'],
]

const CONTENTS: readonly (readonly [content: RegExp, what: string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, 'a private key'],
  [/^PuTTY-User-Key-File-\d:/m, 'a private key'],
  [/^[ \t]*client-key-data:[ \t]*\S/m, 'a kubeconfig with its key'],
  // https://docs.k3s.io/cli/token#token-format
  [/\bK10[0-9a-f]{64}::[\w-]+:\S/, 'a join token of a cluster'],
  // `ansible_become_password` and its like, in YAML, INI or JSON, with a value that is neither vaulted nor computed nor empty:
  // https://docs.ansible.com/ansible/latest/reference_appendices/special_variables.html#connection-variables
  [
    /^(?![ \t]*[#;])(?:.*[ \t,{"'])?ansible_\w*pass(?:word|wd|phrase)?["']?[ \t]*[:=][ \t]*(?!!vault\b|["']?[ \t]*\{\{|(?:""|''|null|~)[ \t]*(?:$|[#,}]))[^\s#]/m,
    'a password of Ansible',
  ],
]

/** The secret that a file is by its name, as it is called in a sentence; undefined where it is none. */
export function secretByName(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return /\.(?:pub|example|sample)$/i.test(name) ? undefined : NAMES.find(([own]) => own.test(name))?.[1]
}

/** The secret that a text holds, and the line that it begins on, from 1. */
export interface FoundSecret {
  /** As it is called in a sentence. */
  readonly what: string
  readonly line: number
}

/** The secret among the first bytes of a file. Programs hold such words without a key behind them, and are not asked. */
export function secretIn(head: Uint8Array): FoundSecret | undefined {
  if (head.includes(0)) return undefined
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  for (const [content, what] of CONTENTS) {
    const match = content.exec(text)
    if (match !== null) return { what, line: text.slice(0, match.index).split('\n').length }
  }
  return undefined
}

/** What `secretIn` finds, without its place. */
export function secretByContent(head: Uint8Array): string | undefined {
  return secretIn(head)?.what
}

/** Whether all of a file is encrypted with Ansible Vault. */
export function isVaultedWhole(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 15)).toString('latin1') === '$ANSIBLE_VAULT;'
}
