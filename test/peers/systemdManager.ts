import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requirePeer, requireRoot, run } from '../tools/peers.ts'

/**
 * Starts a systemd of its own, lets it run services to their end, and returns what it logged. It is a user manager
 * in a mount namespace and a cgroup of its own: the same parser and the same `exec` as on a node, in a fifth of a
 * second, and nothing of this machine's own services is touched.
 *
 * `units`: name → text. They are started together and may write below `directory`.
 */
export function runUnits(directory: string, units: Readonly<Record<string, string>>): string {
  requireRoot()
  const systemd = requirePeer('/lib/systemd/systemd')
  const home = join(directory, 'manager')
  const names = Object.keys(units)
  const write = (name: string, text: string): void => {
    mkdirSync(join(home, 'systemd/user'), { recursive: true })
    writeFileSync(join(home, 'systemd/user', name), text)
  }
  for (const [name, text] of Object.entries(units)) write(name, `[Unit]\nDefaultDependencies=no\n\n${text}`)
  write(
    'exit.service',
    `[Unit]
DefaultDependencies=no
After=${names.join(' ')}
SuccessAction=exit-force
FailureAction=exit-force

[Service]
Type=oneshot
ExecStart=/bin/true
`,
  )
  write('sinks.target', `[Unit]\nDefaultDependencies=no\nWants=${names.join(' ')} exit.service\n`)
  writeFileSync(join(home, 'start.sh'), START)
  const { status, all } = run('sh', [join(home, 'start.sh'), systemd, home], { timeout: 60_000 })
  if (status !== 0) throw new Error(`systemd ended with ${status}:\n${all}`)
  return all
}

/**
 * A manager moves all processes of its cgroup into `init.scope`, so it gets a cgroup of its own first.
 * It refuses to run where /run/systemd/system does not exist, hence the private /run.
 */
const START = `
systemd=$1 home=$2 groups=
while IFS=: read -r id names path; do
  case "$id:$names" in
    0:) root=/sys/fs/cgroup/unified; [ -e $root/cgroup.procs ] || root=/sys/fs/cgroup ;;
    *:name=systemd) root=/sys/fs/cgroup/systemd ;;
    *) continue ;;
  esac
  group=$root$path/k3seal-sinks-$$
  mkdir "$group" && groups="$groups $group"
done < /proc/self/cgroup
export systemd home groups
sh -c '
  for group in $groups; do echo $$ > "$group/cgroup.procs"; done
  exec unshare --mount --fork --kill-child sh -c "
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0
    export XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME=\\$home HOME=\\$home
    unset DBUS_SESSION_BUS_ADDRESS NOTIFY_SOCKET
    exec \\$systemd --user --unit=sinks.target --log-target=console --log-level=info
  "
'
status=$?
for group in $groups; do find "$group" -depth -type d -exec rmdir {} + ; done
exit $status
`
