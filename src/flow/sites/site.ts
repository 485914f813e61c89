import type { Secret } from '../../secret.ts'
import type { Span } from '../../span.ts'
import type { SinkId } from '../../token/sinks.ts'

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
  /** The reader that takes the text as it stands; `undefined` for variables. */
  readonly sink: SinkId | undefined
  /** In a file of tests or examples, whose cluster nobody has to keep. */
  readonly isFixture: boolean
}

/** Where a variable's text is put as it is. */
export interface VariableSink {
  readonly sink: SinkId
  readonly at: Span
  /** The filters on the way, the last one last. */
  readonly filters: readonly string[]
}

/** A variable that some token setting gets its value from. */
export interface TokenVariableUse {
  /** Dotted where it is part of a mapping: `harbour.key`. */
  readonly name: string
  readonly use: TokenUse
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
  /** The whole command or directive, for arguments. */
  readonly isArgument: boolean
}
