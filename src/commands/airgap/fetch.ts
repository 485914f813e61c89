import { Command } from 'commander'
import type { ExitStatus, Session } from '../session.ts'

export function fetchCommand(_session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return new Command('fetch')
}
