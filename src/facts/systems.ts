/** What the facts of a node hold that say which system it is, each with the words that name the fact in an expression. */
export const systemFacts: readonly {
  readonly fact: RegExp
  readonly values: RegExp
  readonly see: string
}[] = [
  {
    // However a project writes them: `rhel`, `redhat`, `opensuse_leap`, `debian12`.
    fact: /\b(?:ansible_)?(?:os_family|distribution)\b/,
    values:
      /^(?:red[-_ ]?hat|rhel|el|fedora|cent-?os|scientific|slc|cloudlinux|oracle|ovs|oel|amazon|amzn|virtuozzo|xenserver|alibaba|(?:open)?euleros|openeuler|alma|rocky|tencentos|eurolinux|kylin|miracle|debian|ubuntu|raspbian|neon|kde|linux[-_ ]?mint|mint|steamos|devuan|kali|cumulus|pop|parrot|pardus|uos|deepin|osmc|univention|(?:open)?suse|sles|sled|sl-micro|alp|arch|antergos|manjaro|mandr|solaris|nexenta|omnios|openindiana|smartos|slackware|alt-?linux|smgl|gentoo|funtoo|alpine|aix|hp-?ux|darwin|mac-?os|freebsd|trueos|clear|dragonfly|netbsd|openbsd|void|nixos|flatcar|coreos)/i,
    see: 'https://github.com/ansible/ansible/blob/devel/lib/ansible/module_utils/facts/system/distribution.py',
  },
  {
    fact: /\b(?:ansible_)?(?:architecture|machine|userspace_architecture)\b/,
    values:
      /^(?:x86[-_]?64|x64|amd64|aarch64|arm|armv?[5-8]\w*|arm64|armhf|i[3-6]86|x86|ppc64\w*|s390x|riscv64)$/i,
    see: 'https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_vars_facts.html',
  },
  {
    fact: /\b(?:ansible_)?distribution_(?:major_)?version\b/,
    values: /^\d/,
    see: 'https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_vars_facts.html',
  },
]

/** Systems for which there is no K3s. */
export const otherSystems = {
  values:
    /^(?:darwin|mac-?os|windows|freebsd|trueos|dragonfly|netbsd|openbsd|solaris|nexenta|omnios|openindiana|smartos|aix|hp-?ux)/i,
  see: 'https://docs.k3s.io/installation/requirements#operating-systems',
} as const
