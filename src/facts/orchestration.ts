/** The Ansible collection that installs K3s. Not on Galaxy: installed from its repository. */
export const orchestration = {
  name: 'k3s.orchestration',
  repository: 'https://github.com/k3s-io/k3s-ansible.git',
  /** The newest tag that k3seal was tried with. */
  version: '1.2.2',
  /** "ansible-core 2.15+ and the Python netaddr library" */
  needs: { ansibleCore: '2.15', python: 'netaddr' },
  see: 'https://github.com/k3s-io/k3s-ansible/blob/1.2.2/README.md',
} as const
