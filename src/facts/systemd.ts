/**
 * Where the system manager looks for units, the first one wins.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#System%20Unit%20Search%20Path
 */
export const unitDirectories: readonly string[] = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
]

/** Where `LoadCredential=` looks for a name without a slash. systemd.exec(5) */
export const credentialDirectories: readonly string[] = [
  '/etc/credstore',
  '/run/credstore',
  '/usr/local/lib/credstore',
  '/usr/lib/credstore',
]

/** Variables that the manager gives a service by itself. systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager" */
export const managerVariables: ReadonlySet<string> = new Set([
  'PATH',
  'LANG',
  'USER',
  'LOGNAME',
  'HOME',
  'SHELL',
  'INVOCATION_ID',
  'XDG_RUNTIME_DIR',
  'RUNTIME_DIRECTORY',
  'STATE_DIRECTORY',
  'CACHE_DIRECTORY',
  'LOGS_DIRECTORY',
  'CONFIGURATION_DIRECTORY',
  'MAINPID',
  'MANAGERPID',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'SYSTEMD_EXEC_PID',
  'JOURNAL_STREAM',
  'TERM',
])

/** Specifiers that only the node can tell, with their meaning. systemd.unit(5), "Specifiers" */
export const nodeSpecifiers: Readonly<Record<string, string>> = {
  a: 'the architecture',
  A: 'the version of the system image',
  b: 'the boot id',
  B: 'the build id of the system',
  H: 'the host name',
  l: 'the short host name',
  q: 'the pretty host name',
  m: 'the machine id',
  M: 'the image id of the system',
  o: 'the id of the system',
  v: 'the kernel release',
  w: 'the version id of the system',
  W: 'the variant id of the system',
}

/** Specifiers that are the same for every unit of the system manager. */
export const managerSpecifiers: Readonly<Record<string, string>> = {
  C: '/var/cache',
  D: '/usr/share',
  E: '/etc',
  g: 'root',
  G: '0',
  h: '/root',
  L: '/var/log',
  s: '/bin/bash',
  S: '/var/lib',
  t: '/run',
  T: '/tmp',
  u: 'root',
  U: '0',
  V: '/var/tmp',
}
