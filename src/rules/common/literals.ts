import { hasMark } from '../../flow/atoms.ts'
import { Remembered } from '../../flow/remembered.ts'
import { isSample as isSampleFile } from '../../flow/sites/places.ts'
import { type TokenSite, type TokenSites, tokenSites } from '../../flow/tokenSites.ts'
import type { Analysis } from '../../lint/analysis.ts'
import { Secret } from '../../secret.ts'
import { type Inspection, inspectToken } from '../../token/inspect.ts'

/** A token whose text stands in the project, with what can be said of it. */
export interface Literal {
  readonly site: TokenSite
  readonly text: Secret
  readonly inspection: Inspection
  /** Of a text that protects nothing: why. */
  readonly placeholder: string | undefined
  /** Whether the text says that there is no token: `not-found`. It is a placeholder, too. */
  readonly isSentinel: boolean
  /** In a file that is there to be copied and filled in, and is no inventory that somebody names. */
  readonly isToCopy: boolean
}

const literals = new WeakMap<Analysis, readonly Literal[]>()

const LONGEST = 1024

/** Where tokens stand; worked out once for all rules. */
export function tokenSitesOf(analysis: Analysis): TokenSites {
  return analysis.tokenSites
}

/** The tokens whose text is known: not vaulted, not sealed, not fetched, not left open. */
export function literalsOf(analysis: Analysis): readonly Literal[] {
  const known = literals.get(analysis)
  if (known !== undefined) return known
  const made = tokenSitesOf(analysis).sites.flatMap((found) => {
    const text = givenText(found)
    if (text === undefined) return []
    // What makes a token bad shows at its start; a text of megabytes is none, and takes long.
    const inspection = inspectToken(new Secret(text.reveal().slice(0, LONGEST)))
    const placeholder = placeholderIn(text.reveal().slice(0, LONGEST), found, inspection)
    // What nothing brings to a node harms as a token that git keeps, and not as a sample.
    const isHarmless = placeholder !== undefined && analysis.rehearsal.isUnused(found.at.path)
    const site = isMock(found.name) || isHarmless ? { ...found, isFixture: true } : found
    return [
      {
        site,
        text,
        inspection,
        placeholder,
        isSentinel: SENTINEL.test(text.reveal()),
        isToCopy: isToCopy(analysis, site.at.path),
      },
    ]
  })
  literals.set(analysis, made)
  return made
}

/** The text of a site, where it is known and stands for a token. */
function givenText({ text, retyped }: TokenSite): Secret | undefined {
  if (text === undefined || text.isEmpty || retyped === 'null') return undefined
  // Projects write false where they mean that there is none.
  return retyped === 'boolean' && /^(?:false|no|off)$/i.test(text.reveal()) ? undefined : text
}

const written = new Remembered<boolean>()

/** Whether a file of a node has a token that is written out in it. What is marked in its text is followed, and left out here. */
export function hasLiteral({ rehearsal }: Analysis, path: string, text: string): boolean {
  return written.get(rehearsal.atoms, [path, text], () =>
    tokenSites(new Map([[path, text]])).sites.some((site) => {
      const own = site.carrier === 'variable' ? undefined : givenText(site)?.reveal()
      return own !== undefined && !hasMark(own) && !isStandIn(own)
    }),
  )
}

/** Whether a file is there to be copied and filled in, and is of no inventory that somebody names. */
export const isToCopy = (analysis: Analysis, path: string): boolean =>
  isSampleFile(path) && !analysis.isOfNamedInventory(path)

/** Texts that ask to be replaced; compared as a whole. */
const BLANKS: readonly RegExp[] = [
  /^<.*>$/s,
  /^\[[\w -]+\]$/,
  /^(?:please[-_ ]?)?(?:change|replace|insert|fill|put|enter|add|edit)[-_ ]?(?:me|this|it|your|with|in|here|my|a|the)(?![a-z])/i,
  // SET ME IN INVENTORY, must be set, TODO: define it in group_vars
  /^(?:to[-_ ]?do[-_: ]+)?(?:please[-_ ]+)?(?:set|override|overwrite|define|provide|specify)[-_ ](?:me|this|it|in|via|by|with|from)(?:[-_ ]+[a-z]+)*[!\d]*$/i,
  /^(?:must|has[-_ ]to|needs?[-_ ]to|to)[-_ ]be[-_ ](?:set|given|defined|provided|filled|replaced|overridden|overwritten|changed|generated)(?:[-_ ]+[a-z]+)*[!\d]*$/i,
  // harbour-token-change-in-production: in front of that only words, for a token that was drawn at random has others.
  /^(?:(?:[a-z]+|k3s|rke2|\d{1,4})[-_ .]+)*(?:change|replace)(?:[-_ ]?(?:me|this|it)|[-_ ]+(?:in|for|before|on)[-_ ]+[a-z]+)(?:[-_ ]+[a-z]+)*[!\d]*$/i,
  /^(?:change|replace|insert|fill|put|enter|add)(?:[-_ ]+[^\W_]+)*[-_ ]+(?:here|token|secret|password|value)$/i,
  ofWords('your'),
  /^(?:x{3,}|\.{3,}|\*{3,}|_{3,}|todo|tbd|fixme|placeholder|changeit)[!\d]*$/i,
  // RKE-xxxxxxxx, K10xxxxxxxx::server:xxxxxxxx: no token that was drawn at random has so many in a row.
  /^[\w.:-]*x{6,}[\w.:-]*$/i,
  // What sed or envsubst fills in: K3S_TOKEN, $K3S_TOKEN, __K3S_TOKEN__, @K3S_TOKEN@.
  /^(?:\$\{?|__|%|@|#\{)?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:TOKEN|SECRET|PASSWORD|KEY)(?:\}#?|__|%|@)?$/,
]

/** Texts that everybody writes who needs one for now: `mysupersecuretoken`. */
const SAMPLES: readonly RegExp[] = [
  ofWords('my|some|a|the'),
  /^(?:dummy|example|sample|secret|password|token|k3s|foo|bar|foobar)[!\d]*$/i,
]

function ofWords(first: string): RegExp {
  return new RegExp(
    `^(?:${first})(?:[-_ ]?(?:own|super|very|really|k3s|rke2|cluster|secret|secure|random|strong|node|join|server|agent|shared|long|complex|generated|unique|private))*[-_ ]?(?:token|secret|password|passphrase|key|string|value)(?:[-_ ]?(?:here|goes|value|string|text))*[!\\d]*$`,
    'i',
  )
}

/** What stands where no token was found. */
const SENTINEL =
  /^(?:not?[-_ ]?(?:found|set|given|defined|available|there|present|known|configured|token)|missing|absent|none|null|nil|unknown|undefined|unset|empty|n\/a)$/i

/** Whether a variable says that its value is made up for tests. */
const isMock = (name: string): boolean => /(?:^|[_.-])(?:mock|mocked|fake|dummy)(?:$|[_.-])/i.test(name)

function placeholderIn(text: string, { name }: TokenSite, { sample }: Inspection): string | undefined {
  if (sample !== undefined) return `everybody can read this token at ${sample.see}`
  if (SENTINEL.test(text)) return 'this text says that there is no token, but K3s takes it for one'
  if (isBlank(text)) return 'a text that asks to be replaced stands where the token belongs'
  return isSample(text) || bare(text) === bare(name)
    ? 'a sample stands where the token belongs, and everybody can guess it'
    : undefined
}

/** Whether a text only stands for the token to come: two places that have it alike have nothing in common. */
export const isStandIn = (text: string): boolean =>
  // What a shell would run, and Ansible does not.
  /^\$\(.*\)$/s.test(text) ||
  isBlank(text) ||
  isSample(text) ||
  SENTINEL.test(text) ||
  inspectToken(new Secret(text)).sample !== undefined

const isBlank = (text: string): boolean => BLANKS.some((pattern) => pattern.test(text))
const isSample = (text: string): boolean => SAMPLES.some((pattern) => pattern.test(text))

/** `harbour-key`, `HARBOUR_KEY` → `harbourkey` */
const bare = (name: string): string => name.replace(/[\s_.-]/g, '').toLowerCase()
