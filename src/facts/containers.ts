const PROGRAM = String.raw`\b(?:docker|podman|nerdctl)[\s"',]`
/** The rest of a command, up to another one. */
const REST = String.raw`(?:\\\n|(?!${PROGRAM})[^\n;&|])*?`
const REGISTRY = String.raw`(?:[^\s/:="']+(?::\d+)?\/)*`

/**
 * K3s in containers. The image runs `k3s`, with `agent` where it gets no other words:
 * https://github.com/k3s-io/k3s/blob/09ffe1ba47f6e751a94734a103ccaf11be753119/package/Dockerfile
 */
export const containers = {
  programs: /^(?:docker|podman|nerdctl)$/,
  /** By the name without its collection, each with the program that it stands for. */
  modules: new Map([
    ['docker_container', 'docker'],
    ['podman_container', 'podman'],
  ]),
  /** With a registry, a tag and a digest or without: no volume that is called so. */
  image: /^(?:[^-\s/:=][^\s/:=]*(?::\d+)?\/)*rancher\/k3s(?:[:@]\S*)?$/,
  /** How a script runs it, or has k3d run it. */
  words: new RegExp(
    String.raw`${PROGRAM}(?=${REST}\b(?:run|create)\b)${REST}[\s"']${REGISTRY}rancher\/k3s(?![\w./-])|\bk3d\s+(?:cluster|node)\s+create\b`,
  ),
} as const
