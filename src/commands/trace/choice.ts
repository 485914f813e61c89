import { resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { nameOf } from '../../io/files.ts'
import { suggestion } from '../../suggestion.ts'

/** The playbooks that are asked for, as the project names them. Throws `UserError` where one is none of its. */
export function chosenPlaybooks(
  asked: readonly string[],
  known: readonly string[],
  {
    cwd,
    root,
    rename,
  }: { readonly cwd: string; readonly root: string; readonly rename: (path: string) => string },
): readonly string[] {
  return asked.map((one) => {
    const path = nameOf(root, resolve(cwd, one))
    const found = known.find((playbook) => playbook === path) ?? known.find((playbook) => playbook === one)
    if (found !== undefined) return found
    throw new UserError('is no playbook of this project', {
      at: one,
      fix:
        known.length === 0
          ? 'there is none; to trace a role by itself, name its directory'
          : `${few(one, known.map(rename))}; to trace a role by itself, name its directory`,
    })
  })
}

/** Throws `UserError` for a host that nobody knows. */
export function checkHosts(asked: readonly string[], known: ReadonlySet<string>): void {
  for (const host of asked) {
    if (known.has(host)) continue
    throw new UserError(`there is no host ${JSON.stringify(host)}`, {
      fix:
        known.size === 0
          ? 'no inventory was found, and nothing of K3s starts here; see -i'
          : few(host, [...known]),
    })
  }
}

const MANY = 12
const SOME = 5

/** What was meant, or some of what there is: an inventory may have thousands of hosts. */
function few(word: string, known: readonly string[]): string {
  const words = suggestion(word, known)
  if (!words.startsWith('one of') || known.length <= MANY) return words
  return `some of them: ${known.slice(0, SOME).join(', ')} and ${known.length - SOME} more`
}
