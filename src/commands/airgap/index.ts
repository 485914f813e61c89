import { Command } from 'commander'
import type { ExitStatus, Session } from '../session.ts'
import { fetchCommand } from './fetch.ts'
import { packCommand } from './pack.ts'
import { planCommand } from './plan.ts'
import { unpackCommand } from './unpack.ts'
import { verifyCommand } from './verify.ts'

/** `k3seal airgap`: what a site without internet needs, from the list of files to the archive that is carried there. */
export function command(session: Session, setStatus: (status: ExitStatus) => void): Command {
  const airgap = new Command('airgap')
    .description('plan, fetch, verify and pack what the nodes of a site without internet need')
    .addHelpText('after', '\nExit status: 0 fine, 1 problems found, 2 wrong use.')
  for (const make of [planCommand, fetchCommand, verifyCommand, packCommand, unpackCommand])
    airgap.addCommand(make(session, setStatus))
  return airgap
}
