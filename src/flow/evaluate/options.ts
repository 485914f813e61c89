import { booleanFlags, k3sSettings } from '../../facts/k3sSettings.ts'
import { hasMark } from '../atoms.ts'

const followed: ReadonlySet<string> = new Set(
  Object.values(k3sSettings).flatMap((setting: { flag: string; short?: string }) => [
    setting.flag,
    ...(setting.short === undefined ? [] : [setting.short]),
  ]),
)

/**
 * Whether a text is options of a command line with their values, `--flag=…` or `--flag …`, that give K3s no setting which is
 * followed: what is not known in it stands in a value, and gives no other option there than where the project writes that value
 * without a condition.
 */
export function isOfOtherOptions(text: string): boolean {
  const words = text.split(/\s+/).filter((word) => word !== '')
  for (let index = 0; index < words.length; index += 1) {
    const [, name, equals] = /^--?([A-Za-z][\w.-]*)(=|$)/.exec(words[index] ?? '') ?? []
    if (name === undefined || followed.has(name)) return false
    if (equals !== '=' && !booleanFlags.has(name)) {
      index += 1
      const value = words[index]
      if (value === undefined || (value.startsWith('-') && hasMark(value))) return false
    }
  }
  return true
}
