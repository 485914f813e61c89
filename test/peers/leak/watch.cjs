// Preloaded into k3seal by leak.test.ts. Writes down each file write that holds a marker, with the file's path and
// mode at that moment, so that a temporary file which is gone a millisecond later is seen all the same.
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const markers = JSON.parse(
  process.env.LEAK_MARKERS_FILE ? fs.readFileSync(process.env.LEAK_MARKERS_FILE, 'utf8') : '[]',
)
const log = process.env.LEAK_LOG
delete process.env.LEAK_MARKERS_FILE
delete process.env.LEAK_LOG
delete process.env.NODE_OPTIONS

const { appendFileSync, fstatSync, readlinkSync, statSync } = fs
const holds = (data) => {
  const text =
    Buffer.isBuffer(data) || ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')
      : String(data)
  return markers.some((marker) => text.includes(marker))
}
const note = (path, mode) => {
  originals.appendFileSync(log, `${JSON.stringify({ path, mode: (mode & 0o777).toString(8) })}\n`)
}
const originals = { ...fs, appendFileSync }

for (const name of ['writeSync', 'write']) {
  fs[name] = (file, data, ...rest) => {
    if (file > 2 && holds(data)) note(readlinkSync(`/proc/self/fd/${file}`), fstatSync(file).mode)
    return originals[name](file, data, ...rest)
  }
}
for (const name of ['writeFileSync', 'appendFileSync']) {
  fs[name] = (file, data, ...rest) => {
    const result = originals[name](file, data, ...rest)
    if (holds(data) && file !== log) note(String(file), statSync(file).mode)
    return result
  }
}
const { open } = fs.promises
for (const name of ['writeFile', 'appendFile']) {
  const original = fs.promises[name]
  fs.promises[name] = async (file, data, ...rest) => {
    const result = await original(file, data, ...rest)
    if (holds(data)) note(String(file), statSync(file).mode)
    return result
  }
}
fs.promises.open = async (...args) => {
  if (args[1] === undefined || args[1] === 'r' || args[1] === fs.constants.O_RDONLY) return open(...args)
  note(`an open file handle that is not watched: ${args[0]}`, 0)
  return open(...args)
}
syncBuiltinESMExports()
