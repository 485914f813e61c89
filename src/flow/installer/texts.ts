import { installerUnit } from '../../facts/installer.ts'
import { join, SourcedBuilder } from '../../syntax/sourced.ts'
import { type Letters, madeLetters, type Origin, type Written } from '../arrival/letters.ts'

export interface ServiceWords {
  readonly command: Letters
  readonly args: readonly Letters[]
  readonly binary: Letters
  readonly environmentFile: string
  readonly type: Letters
  /** Of the service. */
  readonly name: Letters
}

/** The unit as the script writes it: every argument in single quotes on a line of its own. */
export function unitText(
  { command, args, binary, environmentFile, type }: ServiceWords,
  origin: Origin,
): Letters {
  const made = (text: string): Letters => madeLetters(text, origin)
  return join([
    made(`${installerUnit.before.join('\n')}\nType=`),
    type,
    made('\n'),
    ...[...installerUnit.environmentFiles, `-${environmentFile}`].map((file) =>
      made(`EnvironmentFile=${file}\n`),
    ),
    made(`${installerUnit.after.join('\n')}\nExecStart=`),
    binary,
    made(' \\\n    '),
    commandLine(command, args, made),
    made('\n\n'),
  ])
}

/** The init script. The command line stands between double quotes, where `$` is still expanded. */
export function initText(
  { command, args, binary, environmentFile, name }: ServiceWords,
  origin: Origin,
): Letters {
  const made = (text: string): Letters => madeLetters(text, origin)
  const line = commandLine(command, args, made)
  const log = [made('/var/log/'), name, made('.log')]
  return join([
    made('#!/sbin/openrc-run\n\ndepend() {\n    after network-online\n    want cgroups\n}\n\n'),
    made('supervisor=supervise-daemon\nname='),
    name,
    made('\ncommand="'),
    binary,
    made('"\ncommand_args="'),
    escapedQuotes(line, made),
    made('\n    >>'),
    ...log,
    made(' 2>&1"\n\noutput_log='),
    ...log,
    made('\nerror_log='),
    ...log,
    made('\n\npidfile="/var/run/'),
    name,
    made('.pid"\nrespawn_delay=5\nrespawn_max=0\n\nset -o allexport\n'),
    ...['/etc/environment', environmentFile].map((file) => made(`if [ -f ${file} ]; then . ${file}; fi\n`)),
    made('set +o allexport\n'),
  ])
}

function commandLine(command: Letters, args: readonly Letters[], made: (text: string) => Letters): Letters {
  return join([
    command,
    made(' \\'),
    ...args.flatMap((arg) => [made("\n\t'"), escapedSingle(arg, made), made("' \\")]),
  ])
}

function escapedSingle(arg: Letters, made: (text: string) => Letters): Letters {
  return replaced(arg, "'", made("'\\''"))
}

function escapedQuotes(line: Letters, made: (text: string) => Letters): Letters {
  return replaced(line, '"', made('\\"'))
}

function replaced(text: Letters, mark: string, by: Letters): Letters {
  const built = new SourcedBuilder<Written>()
  let start = 0
  for (const [index, part] of text.text.split(mark).entries()) {
    if (index > 0) built.append(by)
    built.append(text, start, start + part.length)
    start += part.length + mark.length
  }
  return built.done()
}
