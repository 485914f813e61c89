declare module '*.j2' {
  const text: string
  export default text
}
declare module '*/templates/deliver.yml' {
  const text: string
  export default text
}
declare module '*/templates/protect.yml' {
  const text: string
  export default text
}
declare module '*/templates/cleanup.yml' {
  const text: string
  export default text
}
