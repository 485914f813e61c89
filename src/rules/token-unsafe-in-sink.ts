import type { VariableSink } from '../flow/tokenSites.ts'
import type { Rule } from '../lint/rule.ts'
import { passwordOffset } from '../token/form.ts'
import { type SinkId, sinks } from '../token/sinks.ts'
import { type Literal, literalsOf } from './common/literals.ts'

/** Filters that leave the text as it is; behind any other one it may be quoted or escaped. */
const PLAIN_FILTERS = new Set(['trim', 'string', 'mandatory', 'first', 'last'])

/** What is special within quotes, where a sink has them. */
const QUOTED: { readonly [sink in SinkId]?: Readonly<Record<'single' | 'double', RegExp>> } = {
  'posix-shell': { single: /'/, double: /["\\$`]/ },
  'environment-file': { single: /'/, double: /["\\$`]/ },
  'environment-directive': { single: /['\\%]/, double: /["\\%]/ },
  'exec-start': { single: /['\\%$]/, double: /["\\%$]/ },
}

export const tokenUnsafeInSink: Rule = {
  id: 'token-unsafe-in-sink',
  severity: 'error',
  summary: 'Join token that changes where it is written',
  why: 'Every place that a token is written into has characters of its own: a percent sign begins a specifier in a unit, a dollar sign a variable in a shell, a backslash an escape in an environment file. A token with such a character arrives as another text, and the node is turned away.',
  fix: 'make a token of letters and digits: k3seal token new; or quote it there',
  see: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=',
  ],
  bad: [
    {
      title: 'a percent sign on the way into a unit',
      files: {
        'host_vars/quay.yml': `
harbour_key: "f3a9c07e51b24d%n8896cc01d2ab7743fe"
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in systemd ExecStart=, the token becomes another text: percent signs begin specifiers, dollar signs variables
`,
        'roles/edge/templates/k3s.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
`,
      },
    },
    {
      title: 'a backslash in an environment file, a dollar sign in a script',
      files: {
        'k3s.service.env': `
K3S_TOKEN=f3a9c07e51b24d\\8896cc01d2ab7743fe
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in systemd EnvironmentFile=, the token becomes another text: a backslash escapes the next character
`,
        'join.sh': `
export K3S_TOKEN="f3a9c07e51b24d$8896cc01d2ab7743fe"
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in POSIX shell, OpenRC, the token becomes another text: operators, quotes and expansions of the shell
`,
      },
    },
    {
      title: 'digits in quotes, which a template of a config file takes the quotes off',
      files: {
        'host_vars/quay.yml': `
harbour_key: "0712345670123456"
              ^^^^^^^^^^^^^^^^ in YAML, plain, the token becomes another text: it is read as a number, a date, a truth value or null
`,
        'roles/edge/templates/config.yaml.j2': `
cluster-init: true
tls-san: quay.example.org
token: {{ harbour_key }}
`,
      },
    },
  ],
  good: [
    {
      title: 'a template that escapes what it writes',
      files: {
        'host_vars/quay.yml': `
harbour_key: "{{ vault_harbour_key }}"
`,
        'roles/edge/templates/k3s.service.env.j2': `
K3S_TOKEN={{ harbour_key | quote }}
`,
      },
    },
  ],
  *check(analysis) {
    for (const literal of literalsOf(analysis)) {
      const { site, placeholder, inspection } = literal
      if (placeholder !== undefined || site.retyped !== undefined || inspection.form.kind === 'malformed')
        continue
      const told = new Set<string>()
      for (const sink of site.sinks) {
        const why = hazard(literal, sink)
        if (why === undefined || told.has(sink.sink) || analysis.rehearsal.isUnused(sink.at.path)) continue
        told.add(sink.sink)
        const title = sinks.find(({ id }) => id === sink.sink)?.title ?? sink.sink
        const isHere = sink.at.path === site.at.path && sink.at.start === site.at.start
        yield {
          at: site.at,
          message: `in ${title}, the token becomes another text: ${why.replace(/^is /, 'it is ')}`,
          secrets: [site.at],
          ...(isHere
            ? {}
            : {
                hops: [
                  { at: site.at, what: `${site.name} is given here` },
                  { at: sink.at, what: `and written into ${title}` },
                ],
              }),
        }
      }
    }
  },
}

/** Why the reader of a sink makes another text of a token. What belongs to the form of a token has no other choice. */
function hazard({ text, inspection }: Literal, { sink, style, filters }: VariableSink): string | undefined {
  if (!filters.every((filter) => PLAIN_FILTERS.has(filter))) return undefined
  const password = text.reveal().slice(passwordOffset(text.reveal(), inspection.form))
  // Decimal digits alone come out of YAML as they went in.
  if (sink === 'yaml-plain' && /^(?:0|[1-9]\d{0,17})$/.test(password)) return undefined
  const found = inspection.hazards.find((each) => each.sink.id === sink)
  if (found === undefined || found.literal) return undefined
  if (style === 'single' || style === 'double') {
    const pattern = QUOTED[sink]?.[style]
    return pattern?.test(password) === true ? (found.breaks[0]?.why ?? undefined) : undefined
  }
  const before = [...text.reveal()].length - [...password].length
  return found.breaks.find(
    ({ positions }) => positions.length === 0 || positions.some((position) => position > before),
  )?.why
}
