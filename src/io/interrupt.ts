import { Interrupted } from '../errors.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs long work that Ctrl-C (or the end of the terminal) shall not tear off: its signal is aborted with `Interrupted`, and the
 * work ends by itself. Who presses Ctrl-C twice doesn't want to wait: then the system ends the process as usual.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (): void => {
    forget()
    controller.abort(new Interrupted())
  }
  const forget = (): void => {
    for (const name of SIGNALS) process.removeListener(name, stop)
  }
  for (const name of SIGNALS) process.on(name, stop)
  try {
    return await work(controller.signal)
  } finally {
    forget()
  }
}
