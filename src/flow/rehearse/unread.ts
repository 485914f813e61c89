/** Files that are read where the play runs and can't be read here, in the words of a message: what they set is not known. */
export type Unread = readonly string[]

export const absentFile = (name: string): string => `${name}, which is not in the project`

export const sealedFile = (path: string): string => `${path}, which is encrypted`

/** Both, each file once. */
export const withMore = (some: Unread, others: Unread): Unread =>
  others.length === 0 ? some : some.length === 0 ? others : [...new Set([...some, ...others])]
