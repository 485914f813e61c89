import type { Span } from '../span.ts'
import type { Arrival, Carried, Carrier } from './arrival.ts'
import type { Atom, Atoms, Hop } from './atoms.ts'
import type { PaperFile, ServiceManager } from './files.ts'
import type { UnknownNote } from './unknown.ts'

/** What one rehearsal assumes. Only what a condition of the project can tell apart varies. */
export interface Scenario {
  /** Absent: nothing in the project asks. */
  readonly airgapped?: boolean
  readonly manager?: ServiceManager
  /** Whether the user gives a token; absent where the inventory or the defaults decide. */
  readonly tokenGiven?: boolean
  /** What stands on the nodes before the play. */
  readonly k3s?: 'absent' | 'present' | 'older'
  /** The second run of the same play over what the first left. */
  readonly again?: boolean
  /** Number of servers where no inventory says it; of a sample with one the other that its users have. */
  readonly servers?: 'one' | 'several'
}

export type NodeKind = 'first-server' | 'joining-server' | 'agent'

export interface Verdict {
  readonly playbook: string
  /** The sources of the inventory that the host is from; missing where the host is invented. */
  readonly inventory?: readonly string[]
  /** Whether the host is none of an inventory because a task adds it. */
  readonly isAdded?: true
  /** Whether it was assumed in a group of the inventory that has no hosts. */
  readonly isAssumed?: true
  readonly host: string
  readonly kind: NodeKind
  readonly scenario: Scenario
  /** Without `.service`. */
  readonly service: string
  /**
   * `different`: present, and certainly not the one that this kind of node needs from the first server, or that a server was
   * founded with.
   * `maybe`: worlds of one scenario disagree, or something on the way is unknown.
   */
  readonly token: 'present' | 'empty' | 'absent' | 'maybe' | 'different'
  /** Whether it is `different`, or may be, because a second run gives a server another one than the run before. */
  readonly isRenewed?: true
  readonly source: Carrier
  readonly serverUrl: boolean | 'maybe'
  /** From the value to the start of the service; where there is no value, what leads to the start. */
  readonly hops: readonly Hop[]
  /** The start that the verdict is about. */
  readonly arrival: Arrival
  readonly at: Span
  /** Why the token is `maybe`; where that is known, why the URL of a node that joins is. */
  readonly unknown: string | undefined
  /** What else had to be assumed for a world with this outcome: `ansible_facts.os_family == 'RedHat'`. */
  readonly assumptions: readonly string[]
}

/** Something that happened on a paper node and that a rule may ask about. `at` is the task or the line that does it. */
export type Event = { readonly host: string; readonly kind: NodeKind; readonly at: Span } & (
  | {
      readonly what: 'file-written'
      readonly path: string
      readonly file: PaperFile
      /** The mode after this task, with what decided it; `undefined` where nobody says one. */
      readonly modeAt: Span | undefined
      /** The group that this task gives it; `undefined` where it says none. */
      readonly group: string | undefined
      readonly task: TaskRun
    }
  | {
      /** A task made a directory, or gave one a mode. */
      readonly what: 'directory-made'
      readonly path: string
      readonly mode: PaperFile['mode']
      /** `undefined`: nobody says one, so that it is root's. */
      readonly owner: string | undefined
    }
  | {
      /** A task whose arguments, environment, loop item or result hold an atom that is not from the scenario. */
      readonly what: 'task-ran'
      readonly task: TaskRun
    }
  | {
      /** `systemd`, `service`, a handler, or the install script started or restarted a K3s service. */
      readonly what: 'service-started'
      readonly service: string
      readonly arrival: Arrival
      /** What a server got at an earlier start here, where it goes on with the token of that. */
      readonly kept: Arrival | undefined
      readonly hops: readonly Hop[]
    }
  | {
      readonly what: 'installer-ran'
      readonly service: string
      /** What the service would have got as its token before; worked out where somebody asks. */
      readonly before: () => Carried
      /** A variable with the token that another program got, and not the script: the one that brought it. */
      readonly astray: { readonly name: string; readonly program: string } | undefined
      readonly task: TaskRun
    }
  | {
      /** The install script was told a server, and for want of a token it did nothing. */
      readonly what: 'installer-gave-up'
      /** What the agent would have got: nothing, or nothing but a name. */
      readonly token: Carried
      readonly task: TaskRun
    }
  | {
      /** The install script made a service of which the name is not known, and what else is done to it. */
      readonly what: 'service-unnamed'
      /** Under its usual name. */
      readonly service: string
      /** What it gets, whatever its name is. */
      readonly token: Carried
      readonly hops: readonly Hop[]
    }
  | {
      /** A task fails because a variable is undefined; the play ends there for this host. */
      readonly what: 'undefined-variable'
      readonly variable: string
      /** The fact that the task would have made of it. */
      readonly making: string | undefined
      readonly hops: readonly Hop[]
      readonly task: TaskRun
    }
)

/** Where an atom was seen in a task, for the leak rules. */
export interface AtomUse {
  readonly atom: Atom
  /**
   * - `command`: on a command line, visible in /proc to everybody on the node.
   * - `environment`: in `environment:` of the task.
   * - `content`: what a file module writes, shown by `--diff`.
   * - `regexp`: in a pattern, `argument`: in another argument, shown at -vvv up to ansible-core 2.20.
   * - `result`: in what the task returns: register, fact, slurp; shown at -v.
   * - `message`: printed by `debug`, `fail`, `assert`: always shown.
   * - `verbose`: printed by `debug` where a run is as verbose as it asks for.
   * - `item`: in an item of its loop, or in the label for that: always shown.
   */
  readonly where:
    | 'command'
    | 'environment'
    | 'content'
    | 'regexp'
    | 'argument'
    | 'result'
    | 'message'
    | 'verbose'
    | 'item'
  /** The argument it stands in. */
  readonly at: Span
  /** How many -v it takes until it is printed; `undefined` where nobody knows, and of all that is not `verbose`. */
  readonly verbosity?: number
}

export interface TaskRun {
  readonly name: string | undefined
  /** Of the action. */
  readonly at: Span
  readonly module: string
  /** `no_log` after inheritance; `unknown` where it depends. */
  readonly noLog: boolean | 'unknown'
  /** `diff: false`, the same way. */
  readonly diff: boolean
  readonly uses: readonly AtomUse[]
}

/** One playbook (or lone role) in one scenario, in one world. */
export interface Run {
  readonly playbook: string
  /** The sources of the inventory that the hosts are from; missing where they are invented. */
  readonly inventory?: readonly string[]
  readonly scenario: Scenario
  readonly assumptions: readonly string[]
  readonly events: readonly Event[]
}

/** What Ansible stumbles over, and where it stands. */
export interface Broken {
  readonly at: Span
  readonly why: string
}

export interface Rehearsal {
  /** One per playbook, host and scenario whose service starts; the worlds of a scenario are made one. Sorted. */
  readonly verdicts: readonly Verdict[]
  readonly runs: readonly Run[]
  readonly atoms: Atoms
  /** Atoms whose text reached K3s as a token, whether it has a character or nobody knows, or is read from where K3s keeps it: what the leak rules follow. Roots. */
  readonly tokens: ReadonlySet<Atom>
  /** Those of which K3s got a piece or a digest, so that a piece may be the whole token. */
  readonly cutTokens: ReadonlySet<Atom>
  /** The files that what was rehearsed is made of. */
  readonly reached: ReadonlySet<string>
  /** The first of the tasks that may include a file of tasks. */
  includerOf(path: string): Span | undefined
  /** Whether a file is a template or file of a role that is played, and nothing that could bring it to a node names it. */
  isUnused(path: string): boolean
  /** Playbooks that Ansible refuses before their first task for what is not there: why, and where that is asked for. */
  readonly refused: ReadonlyMap<string, Broken>
  /** Templates that some host renders and Jinja2 refuses. */
  readonly broken: readonly Broken[]
  readonly unknowns: readonly UnknownNote[]
  /** Where the bound on worlds or scenarios was hit: what was left out. */
  readonly bounds: readonly UnknownNote[]
}
