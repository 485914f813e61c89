/** How a program is told what it runs, which stands behind its own words. */
interface Wrapper {
  /** Options whose value is the next word. */
  readonly valued?: RegExp
  /** Words that stand before the program, besides options. */
  readonly operands?: number
  /** With such an option it runs nothing. */
  readonly asks?: RegExp
}

/**
 * As their manuals have it: https://www.gnu.org/software/coreutils/manual/html_node/Modified-command-invocation.html,
 * https://www.sudo.ws/docs/man/sudo.man/, https://pubs.opengroup.org/onlinepubs/9799919799/utilities/command.html and those of
 * util-linux, https://man7.org/linux/man-pages/man1/flock.1.html and its like.
 */
const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    'sudo',
    {
      valued:
        /^-[A-Za-z]*[CDghpRrTtUu]$|^--(?:chdir|chroot|close-from|command-timeout|group|host|other-user|prompt|role|type|user)$/,
    },
  ],
  ['doas', { valued: /^-[A-Za-z]*[Cu]$/ }],
  ['env', { valued: /^-[A-Za-z]*[uC]$|^--(?:unset|chdir)$/ }],
  ['exec', { valued: /^-[cl]*a$/ }],
  ['command', { asks: /^-p?[vV]/ }],
  ['time', { valued: /^-[A-Za-z]*[fo]$|^--(?:format|output)$/ }],
  ['timeout', { valued: /^-[ks]$|^--(?:kill-after|signal)$/, operands: 1 }],
  ['nohup', {}],
  ['setsid', {}],
  ['nice', { valued: /^-n$|^--adjustment$/ }],
  ['ionice', { valued: /^-[cn]$|^--(?:class|classdata)$/, asks: /^-[pPu]/ }],
  ['stdbuf', { valued: /^-[ioe]$|^--(?:input|output|error)$/ }],
  ['chrt', { valued: /^-[TPD]$/, operands: 1, asks: /^-[apm]/ }],
  ['taskset', { operands: 1, asks: /^-[ap]/ }],
  ['flock', { valued: /^-[wE]$|^--(?:wait|timeout|conflict-exit-code)$/, operands: 1 }],
  ['daemonize', { valued: /^-[cepulEo]$/ }],
])

const wrapperOf = (word: string): Wrapper | undefined => WRAPPERS.get(word.slice(word.lastIndexOf('/') + 1))

const ASSIGNMENT = /^[A-Za-z_]\w*=/

/** Where the program stands behind `sudo -E env NAME=value` and its like; the number of words where there is none. */
export function behindWrappers(words: readonly string[]): number {
  let at = 0
  for (;;) {
    while (ASSIGNMENT.test(words[at] ?? '')) at += 1
    const wrapper = wrapperOf(words[at] ?? '')
    if (wrapper === undefined) return Math.min(at, words.length)
    let next = at + 1
    for (; next < words.length; next += 1) {
      const own = words[next] ?? ''
      if (wrapper.asks?.test(own) === true) return at
      if (wrapper.valued?.test(own) === true) next += 1
      else if (own === '--') {
        next += 1
        break
      } else if (!/^-./.test(own) && !ASSIGNMENT.test(own)) break
    }
    at = next + (wrapper.operands ?? 0)
  }
}

/** Whether a word may stand before a program. */
export const isBeforeProgram = (word: string): boolean =>
  ASSIGNMENT.test(word) || wrapperOf(word) !== undefined
