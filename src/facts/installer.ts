/**
 * The install script of K3s: https://github.com/k3s-io/k3s/blob/0136cf258954a458da1404858396342724b93d24/install.sh and
 * https://docs.k3s.io/reference/env-variables
 */
export const installer = {
  binDirectory: '/usr/local/bin',
  systemdDirectory: '/etc/systemd/system',
  /** Removed by every run, whatever INSTALL_K3S_SYSTEMD_DIR says. */
  disabledIn: '/etc/systemd/system',
  openrcEnvironment: '/etc/rancher/k3s',
  /** What it writes for a service. */
  serviceFiles: /\/k3s(?:-[^/]*)?\.(?:service(?:\.env)?|env)$|^\/etc\/init\.d\/k3s(?:-[^/]*)?$/,
  /** Variables that go into the env file, in two runs over all of them. */
  kept: [/^(?:K3S|CONTAINERD)_/, /^(?:NO|HTTP|HTTPS)_PROXY/i],
  /** Those that say the token, or where it is. */
  tokens: ['K3S_TOKEN', 'K3S_TOKEN_FILE'],
  /** Variables that nothing but the script reads, and those with which it is told what to join. */
  own: /^INSTALL_K3S_/,
  told: /^(?:INSTALL_K3S_|K3S_(?:URL|TOKEN(?:_FILE)?)$)/,
  /** Variables that say which K3s is brought, and from where: nothing that the service is told hangs on them. */
  ofRelease:
    /^INSTALL_K3S_(?:VERSION|COMMIT|PR|CHANNEL|CHANNEL_URL|ARTIFACT_URL|SELINUX_WARN|SKIP_SELINUX_RPM)$/,
  /** In the name of a service. */
  invalidInName: /[\][!#$%&()*;<=>?\\_`{|}/\s]/,
  /** What `escape` of the script puts a backslash before in INSTALL_K3S_EXEC. */
  escaped: /[\][!#$%&()*;<=>?\\_`{|}]/,
  /** Where the script is downloaded from. */
  addresses: /\bget\.k3s\.io\b|\/k3s-io\/k3s\/.*install\.sh|\/k3s-install\.sh\b/,
  /** Names that projects save it under; one that says what becomes of the node is a script of their own. */
  names:
    /^(?!.*[-_.](?:server|agent|master|worker|node|join|cluster))(?:(?:install|get)[-_.]?k3s(?:[-_.][\w.-]*)?|k3s(?:[-_.]?(?:installer|install|get|setup)(?:[-_.][\w.-]*)?)?)\.sh$/i,
  /**
   * The installer of k3sup, which brings that program and no K3s:
   * https://github.com/alexellis/k3sup/blob/0c77d99a9805040aa128c9d8cadd604179424afe/get.sh
   */
  ofHelper: { addresses: /\bget\.k3sup\.dev\b/, names: /^(?:get|install)[-_.]?k3sup\.sh$/i },
  /** Names of scripts that may bring it in a way of their own. */
  ownNames:
    /^(?=.*(?:k3s|rancher))(?!.*(?:uninstall|killall|remove|reset)).*(?:install|setup|bootstrap|deploy|provision|join|start|init)[\w.-]*$/i,
  /** What a script says that brings K3s, or runs it. */
  words:
    /\bINSTALL_K3S_|\bK3S_(?:TOKEN|URL)\b|\bk3s\s+(?:server|agent)\b|\bk3sup\b|\bget\.k3s\.io\b|\/k3s-io\/k3s\/.*install\.sh|\/k3s-install\.sh\b/,
  links: ['kubectl', 'crictl', 'ctr'],
} as const

/** Directives of the unit, in order; of those that carry settings the script fills in the values. */
export const installerUnit = {
  before: [
    '[Unit]',
    'Description=Lightweight Kubernetes',
    'Documentation=https://k3s.io',
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
    '[Service]',
  ],
  environmentFiles: ['-/etc/default/%N', '-/etc/sysconfig/%N'],
  after: [
    'KillMode=process',
    'Delegate=yes',
    'User=root',
    'LimitNOFILE=1048576',
    'LimitNPROC=infinity',
    'LimitCORE=infinity',
    'TasksMax=infinity',
    'TimeoutStartSec=0',
    'Restart=always',
    'RestartSec=5s',
    'ExecStartPre=-/sbin/modprobe br_netfilter',
    'ExecStartPre=-/sbin/modprobe overlay',
  ],
} as const

/** What the uninstall script removes when no other K3s service is left. */
export const uninstalled = {
  trees: ['/etc/rancher/k3s', '/run/k3s', '/run/flannel', '/var/lib/rancher/k3s', '/var/lib/kubelet'],
  see: 'https://docs.k3s.io/installation/uninstall',
} as const
