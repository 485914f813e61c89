import type { Hop, TracedText } from './atoms.ts'

/** Who gives K3s a variable. `environment`: the unit itself, or the task that runs K3s; `script`: one that either starts. */
export type EnvironmentCarrier = 'env-file' | 'environment' | 'init-script' | 'script'

/** How a setting reaches K3s. `none`: it does not. */
export type Carrier = 'argv' | EnvironmentCarrier | 'config' | 'token-file' | 'none'

export type CarriedState =
  /** A text with at least one character. */
  | 'present'
  /** Given, and empty. */
  | 'empty'
  /** Not given at all. */
  | 'absent'
  /** It depends on something that is not known. */
  | 'maybe'

/** What K3s gets for one setting, after its own precedence. */
export interface Carried {
  readonly state: CarriedState
  readonly carrier: Carrier
  /** The text, where the state is `present`. */
  readonly text: TracedText | undefined
  /** The text that it may be, where the state is `maybe` for that alone: nobody knows whether it has a character. */
  readonly doubtful?: TracedText
  /** From where the value stands to here: the atom's way, the writes of the file, the unit that names it. */
  readonly hops: readonly Hop[]
  /** Carriers that lose against this one: `token: ""` in config.yaml hides K3S_TOKEN of the env file. */
  readonly masked: readonly {
    readonly carrier: Carrier
    readonly state: CarriedState
    readonly hops: readonly Hop[]
  }[]
  /** The token file, where its content is what is read, there or not. */
  readonly file?: string
  /** Why the state is `maybe`. */
  readonly unknown: string | undefined
}

/** Whether it is all that a task has returned, rather than the token in it. */
export const isWholeResult = ({ text }: Carried): boolean =>
  text?.marks.some(({ atom }) => atom.isResult === true) === true

/** What K3s would see if the service were started with the files as they are. */
export interface Arrival {
  /** Without `.service`. */
  readonly service: string
  /** The unit file or init script in force; `undefined` where there is none, so that nothing can start. */
  readonly unit: string | undefined
  /** `unknown`: the unit runs something that isn't understood. */
  readonly command: 'server' | 'agent' | 'unknown'
  readonly token: Carried
  readonly agentToken: Carried
  /** What was the token once: `--cluster-secret`. */
  readonly clusterSecret: Carried
  /** `--server`, `server:` or K3S_URL. One without a host counts as empty, and keeps its text. */
  readonly serverUrl: Carried
  readonly clusterInit: boolean | 'unknown'
  /** `--datastore-endpoint` is given: servers find each other by it, without `--server`. */
  readonly externalDatastore: boolean | 'unknown'
  /** Where K3s keeps what it goes on with; `undefined` where that is not known. */
  readonly dataDir: string | undefined
  /** `EnvironmentFile=` in order, with and without `-`; the config file and its drop-ins. */
  readonly reads: readonly {
    readonly path: string
    readonly optional: boolean
    readonly exists: boolean
    readonly hops: readonly Hop[]
  }[]
  /** Why the service can't start at all, where that is certain: no unit, a required EnvironmentFile is missing. */
  readonly failure: string | undefined
}
