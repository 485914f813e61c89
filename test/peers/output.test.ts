import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const cli = join(import.meta.dirname, '../../dist/k3seal.js')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-output-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const sh = (
  script: string,
): { readonly status: number | null; readonly out: string; readonly err: string } => {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd: scratch,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: scratch, K3SEAL: cli, NODE: process.execPath },
  })
  return { status, out: stdout, err: stderr }
}
const rules = sh('"$NODE" "$K3SEAL" lint --list-rules').out

test('a pipe and a file hold the same', () => {
  expect(rules).toContain('token-plaintext')
  expect(sh('"$NODE" "$K3SEAL" lint --list-rules > list')).toEqual({ status: 0, out: '', err: '' })
  expect(readFileSync(join(scratch, 'list'), 'utf8')).toBe(rules)
})

test('what nobody wants to see is written to the null device, and the exit status is the same', () => {
  const bad = 'k3s_token: hunter2 >group.yml'
  expect(sh(`echo ${bad}; "$NODE" "$K3SEAL" lint --no-cache group.yml`).status).toBe(1)
  for (const where of ['>/dev/null', '2>/dev/null', '>/dev/null 2>&1', '>&- 2>&-'])
    expect(sh(`"$NODE" "$K3SEAL" lint --no-cache group.yml ${where}`)).toMatchObject({ status: 1, err: '' })
})

test('a reader that leaves early is no fault', () => {
  const { out, err } = sh(
    'for i in 1 2 3; do "$NODE" "$K3SEAL" lint --list-rules | true; done; echo "$PIPESTATUS"',
  )
  expect({ out, err }).toEqual({ out: '0\n', err: '' })
})

test('a full disk is said, without a stack', () => {
  const { status, err } = sh('"$NODE" "$K3SEAL" lint --list-rules > /dev/full')
  expect(status).toBe(2)
  expect(err).toMatch(/^k3seal: standard output can't be written: ENOSPC.*\n {2}cure: .*\n$/)
})

test('a pipe that does not block gets all of it, however slowly it is read', () => {
  // The pipe is full before k3seal writes, and gives EAGAIN until the reader begins.
  const script = `
import fcntl, os, subprocess, sys, time
read, write = os.pipe()
fcntl.fcntl(write, 1031, 4096)
fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
os.write(write, b'x' * 4096)
child = subprocess.Popen([os.environ['NODE'], os.environ['K3SEAL'], 'lint', '--list-rules'], stdout=write)
os.close(write)
time.sleep(0.3)
parts = []
while part := os.read(read, 1000):
    parts.append(part)
    time.sleep(0.005)
sys.stdout.buffer.write(b''.join(parts)[4096:])
sys.exit(child.wait())
`
  const { status, stdout } = spawnSync('python3', ['-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: scratch, K3SEAL: cli, NODE: process.execPath },
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: rules })
})
