import manifest from '../package.json' with { type: 'json' }

declare const K3SEAL_BUILD: string | undefined

export const version: string = manifest.version

/** Tells one bundle from another of the same version; `undefined` where the sources run as they are. */
export const build: string | undefined = typeof K3SEAL_BUILD === 'undefined' ? undefined : K3SEAL_BUILD
