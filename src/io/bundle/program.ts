import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../errors.ts'

/** The program that runs, as it was built. */
export type BuiltProgram =
  | { readonly kind: 'file'; readonly text: () => string; readonly notices: string | undefined }
  | {
      readonly kind: 'modules'
      /** Name → what reads its source, megabytes of it; what only starts them is left out. */
      readonly modules: ReadonlyMap<string, () => string>
      readonly license: string | undefined
      readonly notices: string
    }

/** What starts the modules in a package: it brings compiled code that fits one Node. */
const STARTER = 'k3seal.js'
const NOTICES = 'THIRD-PARTY-NOTICES.txt'

/** `built`: the file that was started of a build; by default the one that this code stands in. Throws `UserError` where it is none. */
export function builtProgram(built: string = ownFile()): BuiltProgram {
  const directory = dirname(built)
  if (basename(built).endsWith('.cjs'))
    return {
      kind: 'file',
      text: () => readFileSync(built, 'utf8'),
      notices: textAt(join(directory, NOTICES)),
    }
  const notices = textAt(join(directory, NOTICES))
  const names = namesIn(directory).filter((name) => name.endsWith('.js') && name !== STARTER)
  if (!names.includes('main.js') || notices === undefined)
    throw new UserError('k3seal runs from its sources, and a bundle takes the built one along', {
      fix: 'build it (npm run build), and pack with dist/k3seal.js',
    })
  return {
    kind: 'modules',
    modules: new Map(names.map((name) => [name, () => readFileSync(join(directory, name), 'utf8')])),
    license: textAt(join(directory, '../LICENSE')),
    notices,
  }
}

/** Of an ES module, as the sources are, there is no such name. */
function ownFile(): string {
  return typeof __filename === 'string' ? __filename : ''
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
