/** What only a shell knows: no program of that name is there to be started. */
const OF_SHELL =
  /^(?:\.|source|export|set|unset|eval|exec|declare|local|function|if|for|while|until|case|\[\[|[({!])$/
/** Programs that take all words behind them for files or addresses, and end with an error where one is not there. */
const READING = /^(?:curl|wget|cat|sed|awk|head|tail|cut|tr)$/
const OPERATOR = /^\d?(\|\|?$|&&?$|;$|>|<)/

/**
 * Why `command` fails where its words are written for a shell, which it does not run; `undefined` where it may succeed.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html#notes
 */
export function lacksShell([program = '', ...args]: readonly string[]): string | undefined {
  const [, name] = /^([A-Za-z_]\w*)=/.exec(program) ?? []
  if (name !== undefined) return `${name}= is no program, and command runs no shell that would set a variable`
  if (OF_SHELL.test(program) || (program === 'cd' && args.length > 1))
    return `${program} is no program, and command runs no shell`
  if (!READING.test(program.slice(program.lastIndexOf('/') + 1))) return undefined
  const sign = args.flatMap((word) => OPERATOR.exec(word)?.[1] ?? [])[0]
  return sign === undefined ? undefined : `${program} gets ${sign} as a word, as command runs no shell`
}
