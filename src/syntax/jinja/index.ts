export { parseExpression, parseTemplate } from './template.ts'
export { pythonSpace } from './tokens.ts'
export * from './tree.ts'
