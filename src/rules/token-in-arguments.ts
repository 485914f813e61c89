import type { Rule } from '../lint/rule.ts'
import { writtenCommandLines } from './common/commandLines.ts'

export const tokenInArguments: Rule = {
  id: 'token-in-arguments',
  severity: 'error',
  summary: 'Join token on a command line',
  why: 'The arguments of a process are open to every user of the machine (ps, /proc/PID/cmdline), and those of a service to everybody who may run systemctl show. Shells and CI systems write command lines into histories and logs, too.',
  fix: 'give it in the environment: K3S_TOKEN in a file of mode 0600 that EnvironmentFile= names, or --token-file',
  see: ['https://docs.k3s.io/cli/token', 'https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html'],
  bad: [
    {
      title: 'in ExecStart= of a unit',
      files: {
        'roles/edge/templates/k3s.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
                                            ^^^^^^^^^^^^^^^^^ the token behind --token stands in the unit and in the arguments of k3s, which every user of the node can read
`,
      },
    },
    {
      title: 'in a script and a Makefile',
      files: {
        'join.sh': `
#!/bin/sh
k3s agent --server https://quay:6443 \\
  --token "$HARBOUR_KEY"
           ^^^^^^^^^^^^ the token behind --token is an argument, which every user of the machine can read
curl -sfL https://get.k3s.io | sh -s - server -t "$HARBOUR_KEY"
                                                  ^^^^^^^^^^^^ the token behind --token is an argument, which every user of the machine can read
`,
        Makefile: `
deploy:
	ansible-playbook -i inventory.yml site.yml -e k3s_token=$(HARBOUR_KEY)
                                                         ^^^^^^^^^^^^^^ k3s_token is given to Ansible on the command line, which every user of the control node can read
`,
      },
    },
    {
      title: 'in a CI job',
      files: {
        '.gitlab-ci.yml': `
deploy:
  script:
    - ansible-playbook site.yml --extra-vars "k3s_token=$HARBOUR_KEY k3s_version=v1.31.2+k3s1"
                                                        ^^^^^^^^^^^^ k3s_token is given to Ansible on the command line, which every user of the control node can read
`,
      },
    },
  ],
  good: [
    {
      title: 'in the environment, in a file, and tokens of other programs',
      files: {
        'roles/edge/templates/k3s.service.j2': `
[Service]
EnvironmentFile=-/etc/systemd/system/%N.service.env
ExecStart=/usr/local/bin/k3s server --token-file /etc/rancher/k3s/cluster-token
# ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
`,
        'join.sh': `
#!/bin/sh
K3S_TOKEN="$HARBOUR_KEY" k3s agent --server https://quay:6443
cloudflared tunnel run --token "$TUNNEL_TOKEN"
kubectl --token "$API_TOKEN" get nodes
k3s kubectl --token "$API_TOKEN" get nodes
ansible-playbook site.yml -e @vault.yml -e k3s_version=v1.31.2+k3s1
`,
      },
    },
  ],
  check: writtenCommandLines,
}
