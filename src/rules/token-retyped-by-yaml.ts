import { fileKind } from '../flow/sites/places.ts'
import type { Written } from '../flow/tokenSites.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { type Literal, literalsOf } from './common/literals.ts'

const WHAT: Readonly<Record<NonNullable<Written['retyped']>, string>> = {
  integer: 'a number',
  float: 'a number',
  boolean: 'a truth value',
  null: 'nothing',
  date: 'a date',
}

export const tokenRetypedByYaml: Rule = {
  id: 'token-retyped-by-yaml',
  severity: 'error',
  summary: 'Unquoted join token that is no text to YAML',
  why: 'Without quotes YAML takes 0123 for the number 83, yes for the truth value True, 1_000 for 1000 and 2026-11-20 for a date. What reaches K3s is that value written out again, which is not the token that stands there.',
  fix: 'put the token in quotes; on a cluster that runs already, K3s has the other text for its token: rotate it',
  see: ['https://yaml.org/spec/1.1/#id907281', 'https://pyyaml.org/wiki/PyYAMLDocumentation'],
  bad: [
    {
      title: 'an octal number, a truth value, a date',
      files: {
        'host_vars/quay.yml': `
harbour_key: 0123
             ^^^^ this token is read as a number and comes out as another text
`,
        'host_vars/pier.yml': `
harbour_key: yes
             ^^^ this token is read as a truth value and comes out as another text
`,
        'host_vars/mole.yml': `
harbour_key: 2026-1-2 3:04:05
             ^^^^^^^^^^^^^^^^ this token is read as a date and comes out as another text
`,
        'roles/edge/templates/k3s.env.j2': `
K3S_TOKEN={{ harbour_key }}
`,
      },
    },
    {
      title: 'a number of Python in INI, in quotes or not',
      files: {
        'hosts.ini': `
[server]
quay k3s_token=0x1f
               ^^^^ this token is read as a number and comes out as another text
pier k3s_token="1_000_000"
                ^^^^^^^^^ this token is read as a number and comes out as another text
[server:vars]
rke2_token=12.50
           ^^^^^ this token is read as a number and comes out as another text
`,
      },
    },
    {
      title: 'digits alone, which come out as they are',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: 9071234567890123
       ^^^^^^^^^^^^^^^^ this token is read as a number
`,
      },
    },
    {
      title: 'an exponent, which is a text to Ansible and a number to K3s',
      files: {
        'files/k3s/config.yaml': `
cluster-init: true
token: 1e5
       ^^^ K3s reads this token as a number and makes another text of it
`,
      },
    },
  ],
  good: [
    {
      title: 'no token given, and none behind a null',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: ~
k3s_agent_token: null
rke2_token: false
`,
      },
    },
  ],
  *check(analysis) {
    for (const literal of literalsOf(analysis)) {
      const found = finding(literal, analysis)
      if (found !== undefined) yield { ...found, secrets: [literal.site.at] }
    }
  },
}

/** What yaml.v2 of K3s reads as a number in spite of PyYAML. */
const NUMBER_TO_K3S = /^[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.[\d_]+)e[-+]?\d+$|^0o[0-7]+$/i

const CURE_OF_INI =
  'quotes help in a section [GROUP:vars], and not on the line of a host: put it there, or in quotes into a file of group_vars or host_vars; on a cluster that runs already, K3s has the other text for its token: rotate it'

function finding({ site, text }: Literal, { project }: Analysis): RuleFinding | undefined {
  const { at, retyped, isKept, carrier, style } = site
  const raw = text.reveal()
  if (retyped === undefined)
    return style === 'plain' && (carrier === 'config' || carrier === 'variable') && NUMBER_TO_K3S.test(raw)
      ? { at, message: 'K3s reads this token as a number and makes another text of it' }
      : undefined
  const message = `this token is read as ${WHAT[retyped]}`
  if (isKept !== true) {
    const isIni = fileKind(at.path, project.get(at.path) ?? '') === 'ini'
    return {
      at,
      message: `${message} and comes out as another text`,
      ...(isIni ? { cure: CURE_OF_INI } : {}),
    }
  }
  return {
    at,
    message,
    severity: 'warning',
    cure: 'put it in quotes: the text stays the same',
    // Two insertions rather than one replacement: what a fix adds gets shown.
    fix: {
      edits: [
        { at: { ...at, end: at.start }, text: '"' },
        { at: { ...at, start: at.end }, text: '"' },
      ],
    },
  }
}
