import type { Secret } from '../../secret.ts'
import type { Span } from '../../span.ts'
import type { SinkId } from '../../token/sinks.ts'
import type { FileKind } from './places.ts'

/** Which nodes get the text. `agent-token`: the servers, as the password of agents. */
export type TokenUse = 'server' | 'agent' | 'agent-token' | 'both' | 'unknown'

/** What kind of place a token's text stands in. */
export type SiteCarrier =
  | 'variable'
  | 'env-file'
  | 'unit'
  | 'shell'
  | 'environment'
  | 'config'
  | 'argument'
  | 'extra-vars'
  | 'launch-config'
  | 'token-file'

/** Why a text is not known, though one is there. */
export type Hidden = 'vaulted' | 'sealed' | 'template' | 'reference'

/** A text as a file of the project has it. */
export interface Written {
  /** Of the text itself: without quotes; of a block scalar its indicator too. */
  readonly at: Span
  /** What its reader makes of it. `undefined`: see `hidden`. */
  readonly text: Secret | undefined
  readonly hidden: Hidden | undefined
  readonly style: 'plain' | 'single' | 'double' | 'block' | 'none'
  /** What YAML or INI made of an unquoted text that was hardly meant so; `text` is then the text as written. */
  readonly retyped?: 'integer' | 'float' | 'boolean' | 'null' | 'date'
  /** Whether the retyped value, shown as text, is again what is written. */
  readonly isKept?: boolean
}

/** A place where a join token's text stands, or where a variable that is one gets its value. */
export interface TokenSite extends Written {
  readonly carrier: SiteCarrier
  readonly use: TokenUse
  /** The variable or setting. */
  readonly name: string
  /** The readers that take the text as it stands: of the place itself, or of where its variable goes. */
  readonly sinks: readonly VariableSink[]
  /** In a file of tests or examples, whose cluster nobody has to keep. */
  readonly isFixture: boolean
}

/** Where a variable's text is put as it is. */
export interface VariableSink {
  readonly sink: SinkId
  /** Whether the text stands in quotes there. */
  readonly style: Written['style']
  readonly at: Span
  /** The filters on the way, the last one last. */
  readonly filters: readonly string[]
}

/** A variable that some token setting gets its value from. */
export interface TokenVariableUse {
  /** Dotted where it is part of a mapping: `harbour.key`. */
  readonly name: string
  readonly use: TokenUse
  /** Its own, and those of the variables that take their text from it. */
  readonly sinks: readonly VariableSink[]
}

/** A token setting with what stands behind it, as text. */
export interface Setting {
  readonly name: string
  readonly carrier: SiteCarrier
  readonly use: TokenUse
  readonly sink: SinkId | undefined
  readonly written: Written
  /** The text of `written`, whatever it is: a template, too. */
  readonly raw: string
  /** Whether the text becomes an argument of a program. */
  readonly isArgument: boolean
  /** What reads the file. */
  readonly file: FileKind
}

export interface TokenSites {
  /** In the order of paths and offsets; no two begin at the same place. */
  readonly sites: readonly TokenSite[]
  /** By dotted name. */
  readonly variables: ReadonlyMap<string, TokenVariableUse>
  /** Tokens that become arguments of a program, whatever stands there: a literal, a template, a shell variable. */
  readonly options: readonly Setting[]
}
