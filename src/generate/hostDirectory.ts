/**
 * Why a host's name can't be the name of a directory on every system that k3seal runs on; undefined where it can.
 * https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export function directoryNameProblem(name: string): string | undefined {
  if (name === '' || /^\.+$/.test(name)) return 'it means another directory'
  if (/[/\\]/.test(name)) return 'it would lead to another directory'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f<>:"|?*]/.test(name)) return 'it has a character that not every system takes'
  if (/[. ]$/.test(name)) return 'Windows drops the dot or blank at its end'
  if (/^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\.|$)/i.test(name))
    return 'Windows has a device of that name'
  if (/^\.(?:git|gitignore|k3seal-write)$/i.test(name)) return 'git or k3seal keep something there'
  return Buffer.byteLength(name) > 200 ? 'it is too long' : undefined
}
