import type { Secret } from '../../secret.ts'
import type { AnsibleValue, VaultedText } from '../value.ts'

/** What a template may know of the host that it is rendered for. */
export interface TemplateScope {
  /**
   * The host's variables and Ansible's own ones that the caller supplies (`inventory_hostname`, `groups`, …).
   * Strings that hold `{{`, `{%` or `{#` are templates, rendered when they are first used.
   */
  readonly variables: ReadonlyMap<string, AnsibleValue>
  /** Throws a `UserError` where no password fits. Called only for values that end in a text or are compared. */
  decrypt(value: VaultedText): Secret
  /** The hosts behind `hostvars`, each with a scope of its own, made when it is asked for. */
  readonly hosts?: {
    readonly names: readonly string[]
    scopeOf(name: string): TemplateScope
  }
  /** Variables that are secret though nothing of them is vaulted in itself: they come from a file that is. */
  readonly secretVariables?: ReadonlySet<string>
  /** Where a variable is set, as `path:line:column`, for messages. */
  placeOf?(variable: string): string | undefined
}
