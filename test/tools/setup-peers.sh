#!/usr/bin/env bash
# Sets up the programs that the tests run k3seal against. Run it again whenever: what is there stays.
#
#   test/.peers/ansible-oldest   ansible-core, the oldest supported (ansible-oldest.txt)
#   test/.peers/ansible-newest   the newest, with ansible-lint, yamllint and pre-commit (ansible-newest.txt)
#   test/.peers/node22, node24   node_modules/node/bin/node
#   by apt, where root may       systemd-nspawn, debootstrap, tmux, openssl, ssh, git, curl, zstd, lz4, bzip2, xz
#
# What can't be set up is named at the end. With CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")"
tools=$PWD
peers=$(cd .. && pwd)/.peers
mkdir -p "$peers"
missing=()

has() { command -v "$1" >/dev/null; }

# command:package
commands=(systemd-nspawn:systemd-container debootstrap:debootstrap tmux:tmux openssl:openssl
  ssh:openssh-client git:git curl:curl setpriv:util-linux zstd:zstd lz4:lz4 bzip2:bzip2 xz:xz-utils)
packages=()
PATH=$PATH:/usr/sbin:/sbin
for pair in "${commands[@]}"; do has "${pair%%:*}" || packages+=("${pair##*:}"); done
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && has apt-get; then
  echo "setup-peers: apt-get install ${packages[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${packages[@]}"; } >"$peers/apt.log" 2>&1 || missing+=("apt-get failed, see test/.peers/apt.log")
fi
for pair in "${commands[@]}"; do
  has "${pair%%:*}" || missing+=("${pair%%:*}: as root, apt-get install ${pair##*:}")
done
[ "$(id -u)" = 0 ] || missing+=("test/e2e and the tests that read a token as systemd does need root")

# The first Python whose minor version is between $1 and $2 and that can make virtual environments. The pyenv
# shims in PATH answer for versions that are not selected, so each candidate is asked.
python_between() {
  local minor candidate
  for ((minor = $2; minor >= $1; minor--)); do
    for candidate in "python3.$minor" "$HOME/.pyenv/versions/3.$minor".*/bin/python3 python3; do
      if "$candidate" -c "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
        "$candidate" -c 'import sys; print(sys.executable)'
        return
      fi
    done
  done
  return 1
}

# An environment stands in venvs/NAME-CHECKSUM, the checksum being that of all that it depends on, and
# $peers/NAME is a link to it: a change of versions never breaks the environment that a test runs in.
venv() { # name, lowest and highest minor version of Python
  local name=$1 python sum dir
  sum=$({ cat "$tools/$name.txt" && echo "$peers"; } | sha256sum | cut -c1-12)
  dir=$peers/venvs/$name-$sum
  if [ ! -e "$dir/.complete" ] || ! "$dir/bin/python" -c '' 2>/dev/null; then
    if ! python=$(python_between "$2" "$3"); then
      missing+=("$name: no Python 3.$2 to 3.$3 with venv found; install one (apt, uv python install, pyenv)")
      return
    fi
    echo "setup-peers: $name by $python"
    rm -rf "$dir"
    mkdir -p "$peers/venvs"
    if ! { "$python" -m venv "$dir" && "$dir/bin/pip" install --quiet --disable-pip-version-check \
      --requirement "$tools/$name.txt"; } >"$peers/$name.log" 2>&1; then
      missing+=("$name: pip failed, see test/.peers/$name.log")
      return
    fi
    touch "$dir/.complete"
  fi
  [ "$(readlink "$peers/$name" || true)" = "venvs/$name-$sum" ] && return
  [ -L "$peers/$name" ] || rm -rf "${peers:?}/$name"
  ln -s "venvs/$name-$sum" "$peers/$name.$$"
  mv -T "$peers/$name.$$" "$peers/$name"
}
venv ansible-oldest 9 11
venv ansible-newest 12 14

node() { # major version, exact version
  local dir=$peers/node$1
  [ "$("$dir/node_modules/node/bin/node" --version 2>/dev/null)" = "v$2" ] && return
  echo "setup-peers: Node $2"
  rm -rf "$dir"
  mkdir -p "$dir"
  npm install --prefix "$dir" --no-save --no-package-lock --foreground-scripts=false "node@$2" \
    >"$peers/node$1.log" 2>&1 || true
  [ "$("$dir/node_modules/node/bin/node" --version 2>/dev/null)" = "v$2" ] ||
    missing+=("Node $2: npm failed, see test/.peers/node$1.log")
}
node 22 22.23.3
node 24 24.21.0

if [ ${#missing[@]} -gt 0 ]; then
  echo 'setup-peers: could not set up, and the tests that need it will fail:' >&2
  printf '  %s\n' "${missing[@]}" >&2
  [ "${CI:-}" != true ] || exit 1
fi
