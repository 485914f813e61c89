import type { TokenUse } from './site.ts'

/** Which nodes a command is for, or else the file that it stands in. */
export function useOf(path: string, { text }: { readonly text: string }): TokenUse {
  // `argv:` has one word on each line, a continued command some.
  const command = text.replace(/\n[ \t]*-[ \t]+|\\[ \t]*\n/g, ' ')
  if (/(?:\b(?:k3s|rke2)|\.sh|-s --?|EXEC=\S?)\s*agent\b|\bagent --|"agent\b/.test(command)) return 'agent'
  if (/(?:\b(?:k3s|rke2)|\.sh|-s --?|EXEC=\S?)\s*server\b|\bserver --|--cluster-init|"server\b/.test(command))
    return 'server'
  return useByPath(path)
}

/** Which nodes a file is for, as far as the names of its role and of itself say. */
export function useByPath(path: string): TokenUse {
  const place = path.slice(Math.max(0, path.lastIndexOf('roles/')))
  if (/agent|worker|(?:^|[^a-z])node(?![a-z])/i.test(place)) return 'agent'
  return /server|master|control/i.test(place) ? 'server' : 'unknown'
}
