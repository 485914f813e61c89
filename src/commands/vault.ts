import { resolve } from 'node:path'
import { Command } from 'commander'
import { vaultFindings } from '../ansible/vaultCheck.ts'
import { UserError } from '../errors.ts'
import { pathKind, readTexts } from '../io/files.ts'
import { formatLocation, positionAt } from '../span.ts'
import type { ExitStatus, Session } from './session.ts'

interface CheckOptions {
  readonly json?: boolean
}

/** `k3seal vault`: what concerns vaulted texts without touching a node. */
export function command(session: Session, setStatus: (status: ExitStatus) => void): Command {
  const vault = new Command('vault').description('check the vaulted texts of a repository')
  vault
    .command('check')
    .description(
      'find secrets that are not encrypted though their file or variable is named so, and vaulted texts that are damaged',
    )
    .argument('[path...]', 'files and directories', ['.'])
    .option('--json', 'the findings as JSON')
    .addHelpText('after', '\nNo password is needed. Exit status: 0 nothing found, 1 findings, 2 wrong use.')
    .action((paths: readonly string[], options: CheckOptions) => {
      setStatus(check(session, paths, options))
    })
  return vault
}

function check(session: Session, paths: readonly string[], { json }: CheckOptions): ExitStatus {
  for (const path of paths)
    if (pathKind(resolve(session.cwd, path)) === 'absent')
      throw new UserError('does not exist', { at: path, fix: 'check the path' })
  const { texts } = readTexts(session.cwd, paths)
  const findings = [...texts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => vaultFindings(path, text).map((finding) => ({ ...finding, text })))
  if (json === true) {
    const rows = findings.map(({ id, at, message, fix, text }) => ({
      rule: id,
      path: at.path,
      ...positionAt(text, at.start),
      message,
      cure: fix,
    }))
    session.stdout.write(`${JSON.stringify({ version: 1, findings: rows }, null, 2)}\n`)
  } else
    for (const { id, at, message, fix, text } of findings)
      session.stdout.write(`${formatLocation(at, text)}: ${message} [${id}]\n  cure: ${fix}\n`)
  return findings.length === 0 ? 0 : 1
}
