const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const

export type Paint = (style: keyof typeof codes, text: string) => string

export function painter(color: boolean): Paint {
  return (style, text) => {
    if (!color || text === '') return text
    const [on, off] = codes[style]
    return `\u001B[${on}m${text}\u001B[${off}m`
  }
}
