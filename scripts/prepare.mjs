// Builds dist/ after an install. `npm install -g git+…`, which pre-commit runs for a hook, calls this without the
// development packages: npm 11 hands its own --global on to the install that should bring them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

if (!existsSync(join(root, 'node_modules/esbuild'))) {
  // Settings of the npm above us, --global among them, come as variables.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_config_(global|location|prefix|local_prefix|dry_run)$/i.test(name),
    ),
  )
  const npm = process.env.npm_execpath
  const [program, ...first] = npm === undefined ? ['npm'] : [process.execPath, npm]
  const { status } = spawnSync(program, [...first, 'ci', '--ignore-scripts', '--include=dev'], {
    cwd: root,
    env,
    // pre-commit before 4.6 takes standard output for a file name.
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: npm === undefined && process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
await import('./build.mjs')
