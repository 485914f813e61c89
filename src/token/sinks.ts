/** A rule of a sink's reader that makes something else of a text than itself. */
interface Break {
  /** Global. What it matches is what does not come out as it went in. */
  readonly at: RegExp
  /** What the reader does there. Names a class of characters, never the one that was found. */
  readonly why: string
  /** The text as a whole is read otherwise, so that no single character is to blame. */
  readonly whole?: true
}

/** A place that a token is written into without quoting or escaping, by hand or by somebody's template. */
export interface Sink {
  readonly id: SinkId
  readonly title: string
  /** How the token stands there. */
  readonly written: string
  readonly breaks: readonly Break[]
  /** Where the reader's rules are written down. */
  readonly see: string
}

export type SinkId =
  | 'yaml-plain'
  | 'yaml-single-quoted'
  | 'yaml-double-quoted'
  | 'ansible-template'
  | 'environment-file'
  | 'environment-directive'
  | 'exec-start'
  | 'posix-shell'
  | 'lineinfile-regexp'
  | 'url-userinfo'

export interface SinkHazard {
  readonly sink: Sink
  /** Whether the sink's reader gets exactly this text. */
  readonly literal: boolean
  /** Why not, one entry per rule; empty where it is literal. */
  readonly breaks: readonly {
    readonly why: string
    /** From 1, in characters of the token; empty where the text as a whole is to blame. */
    readonly positions: readonly number[]
  }[]
}

// Line separators beside \n and \r: YAML 1.1 and Python's str.splitlines break at U+0085, U+2028 and U+2029.
const BREAKS_LINES = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufeff'
const control: Break = {
  at: new RegExp(`[${BREAKS_LINES}]`, 'g'),
  why: 'control characters and line breaks end or spoil the value',
}
const notText: Break = { at: /[\ud800-\udfff\ufffe\uffff]/gu, why: 'is no text that UTF-8 can carry' }
const edges: Break = { at: /^\s+|\s+$/g, why: 'white space at either end is dropped' }
const spaces: Break = { at: /\s/g, why: 'white space ends the word' }

/**
 * What YAML 1.1 takes for something other than a string when it is not quoted: null, booleans, numbers (also
 * octal, binary, base 60, with `_`), dates, `=` and `<<`. `1e5` and `0o17` are strings to PyYAML, but numbers
 * to the YAML library of K3s, which reads what Ansible's `to_nice_yaml` leaves unquoted.
 */
const notAString: readonly RegExp[] = [
  /^(?:|~|null|Null|NULL|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|[yYnN]|=|<<)$/g,
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*)$/gi,
  /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9]+)?$/gi,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/g,
  /^(?:[-+]?\.inf|\.nan)$/gi,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?$/g,
]

/**
 * Where tokens of real projects end up. `symbols` of `alphabets` is what none of the rows objects to;
 * `test/peers/sinks.test.ts` holds every row against its real reader.
 */
export const sinks: readonly Sink[] = [
  {
    id: 'yaml-plain',
    title: 'YAML, plain',
    written: 'token: TOKEN',
    see: 'https://yaml.org/spec/1.1/#id907281',
    breaks: [
      ...notAString.map((at) => ({
        at,
        why: 'is read as a number, a date, a truth value or null',
        whole: true as const,
      })),
      {
        at: /^(?:[-?:](?=\s|$)|[,[\]{}#&*!|>'"%@`])/g,
        why: 'an indicator at the start begins something other than text',
      },
      { at: /:(?=\s|$)/g, why: 'a colon before white space or at the end makes a mapping' },
      { at: /(?<=\s)#/g, why: 'a number sign after white space begins a comment' },
      edges,
      control,
      notText,
    ],
  },
  {
    id: 'yaml-single-quoted',
    title: 'YAML, single-quoted',
    written: "token: 'TOKEN'",
    see: 'https://yaml.org/spec/1.1/#id905860',
    breaks: [{ at: /'/g, why: 'a single quote ends the value' }, control, notText],
  },
  {
    id: 'yaml-double-quoted',
    title: 'YAML, double-quoted',
    written: 'token: "TOKEN"',
    see: 'https://yaml.org/spec/1.1/#id904245',
    breaks: [
      { at: /["\\]/g, why: 'a double quote ends the value, a backslash begins an escape' },
      control,
      notText,
    ],
  },
  {
    id: 'ansible-template',
    title: 'Ansible variable',
    written: 'vars: {token: TOKEN}',
    see: 'https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_templating.html',
    breaks: [{ at: /\{[{%#]/g, why: 'is evaluated as a Jinja template' }, control, notText],
  },
  {
    id: 'environment-file',
    title: 'systemd EnvironmentFile=',
    written: 'K3S_TOKEN=TOKEN',
    see: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=',
    breaks: [
      { at: /\\/g, why: 'a backslash escapes the next character' },
      { at: /^\s*['"]/g, why: 'a quote at the start is taken off' },
      edges,
      control,
      notText,
    ],
  },
  {
    id: 'environment-directive',
    title: 'systemd Environment=',
    written: 'Environment=K3S_TOKEN=TOKEN',
    see: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment',
    breaks: [
      { at: /["'\\]/g, why: 'quotes are taken off and backslashes are escapes' },
      { at: /%/g, why: 'a percent sign begins a specifier' },
      spaces,
      control,
      notText,
    ],
  },
  {
    id: 'exec-start',
    title: 'systemd ExecStart=',
    written: 'ExecStart=/usr/local/bin/k3s agent --token TOKEN',
    see: 'https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines',
    breaks: [
      { at: /["'\\]/g, why: 'quotes are taken off and backslashes are escapes' },
      { at: /[%$]/g, why: 'percent signs begin specifiers, dollar signs variables' },
      { at: /^;$/g, why: 'a semicolon alone ends the command' },
      spaces,
      control,
      notText,
    ],
  },
  {
    id: 'posix-shell',
    title: 'POSIX shell, OpenRC',
    written: 'K3S_TOKEN=TOKEN',
    see: 'https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02',
    breaks: [
      { at: /[|&;<>()$`\\"']/g, why: 'operators, quotes and expansions of the shell' },
      { at: /[*?[{]/g, why: 'patterns match file names, and bash expands braces' },
      { at: /^#/g, why: 'a number sign at the start begins a comment' },
      { at: /(?:^|(?<=[:=]))~/g, why: 'a tilde at the start or after a colon is a home directory' },
      spaces,
      control,
      notText,
    ],
  },
  {
    id: 'lineinfile-regexp',
    title: 'Ansible lineinfile regexp',
    written: 'regexp: ^K3S_TOKEN=TOKEN',
    see: 'https://docs.python.org/3/library/re.html#regular-expression-syntax',
    breaks: [
      { at: /[.^$*+?{}[\]\\|()]/g, why: 'is an operator of regular expressions and matches other text too' },
      control,
      notText,
    ],
  },
  {
    id: 'url-userinfo',
    title: 'URL user information',
    written: 'https://node:TOKEN@server:6443',
    see: 'https://url.spec.whatwg.org/#userinfo-percent-encode-set',
    breaks: [
      { at: /[/?#@:[\]\\]/g, why: 'delimits the parts of a URL' },
      { at: /%/g, why: 'a percent sign begins an encoded byte' },
      { at: /["'<>`{}|^;=\s]/g, why: 'is percent-encoded there' },
      { at: /[^\x20-\x7e]+/g, why: 'anything but ASCII is percent-encoded there' },
    ],
  },
]

/**
 * What each sink makes of a text that is written into it as it is. Reports positions, never characters.
 * "Literal" is strict: a regular expression that matches the token and something else besides is not.
 */
export function sinkHazards(text: string): readonly SinkHazard[] {
  return sinks.map((sink) => {
    const breaks = sink.breaks.flatMap(({ at, why, whole }) => {
      const found = [...text.matchAll(at)]
      if (found.length === 0) return []
      return [{ why, positions: whole ? [] : found.flatMap((match) => positionsOf(text, match)) }]
    })
    return { sink, literal: breaks.length === 0, breaks }
  })
}

/** Whether every sink takes a text as it is. */
export function isLiteralEverywhere(text: string): boolean {
  return sinks.every((sink) => takesLiterally(sink, text))
}

/** Whether one sink takes a text as it is. */
export function isLiteralIn(id: SinkId, text: string): boolean {
  return sinks.every((sink) => sink.id !== id || takesLiterally(sink, text))
}

function takesLiterally({ breaks }: Sink, text: string): boolean {
  return breaks.every(({ at }) => text.search(at) === -1)
}

function positionsOf(text: string, match: RegExpMatchArray): number[] {
  const first = [...text.slice(0, match.index)].length + 1
  return Array.from([...match[0]], (_, index) => first + index)
}
