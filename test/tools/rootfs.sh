#!/usr/bin/env bash
# Prints the directory of a small system of this machine's own Debian or Ubuntu release, made by debootstrap from
# the mirror that apt uses, ready to be copied and booted by systemd-nspawn: sshd on port 2222 of the address in
# /etc/e2e/address, and a user `ops` who may sudo. Made once, in under a minute, and kept in test/.peers/rootfs.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
rootfs=$(cd "$(dirname "$0")/.." && pwd)/.peers/rootfs
packages=systemd,systemd-sysv,dbus,python3,openssh-server,sudo,procps,iproute2,python3-apt
. /etc/os-release

if [ "$(id -u)" != 0 ]; then
  echo 'rootfs.sh: debootstrap needs root' >&2
  exit 1
fi
# The address of an archive that has this release, as apt knows it.
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
  awk -v release="$VERSION_CODENAME" '$1 == release && $2 == "main" { print $3; exit }')
if [ -z "$mirror" ]; then
  echo "rootfs.sh: apt knows no archive of $VERSION_CODENAME" >&2
  exit 1
fi
dir=$rootfs/$({ echo "$VERSION_CODENAME" "$mirror" "$packages" && cat "$0"; } | sha256sum | cut -c1-12)

mkdir -p "$rootfs"
exec 9>"$rootfs/lock"
flock 9
if [ ! -e "$dir.complete" ]; then
  rm -rf "${rootfs:?}"/*.complete "${rootfs:?}"/*/
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  eval "$proxy"
  if ! http_proxy=${proxy:-${http_proxy:-}} debootstrap --variant=minbase --include="$packages" \
    "$VERSION_CODENAME" "$dir" "$mirror" >"$rootfs/debootstrap.log" 2>&1; then
    echo "rootfs.sh: debootstrap failed, see $rootfs/debootstrap.log" >&2
    tail -3 "$rootfs/debootstrap.log" >&2
    exit 1
  fi
  rm -rf "$dir"/var/cache/apt/* "$dir"/var/lib/apt/lists/* "$dir"/usr/share/{doc,info,locale,man}/* \
    "$dir/etc/hostname" "$dir/etc/resolv.conf"

  # The machines share the network of this one: nothing of theirs may touch it, or wait for it.
  for unit in ssh.service ssh.socket apt-daily.timer apt-daily-upgrade.timer systemd-networkd.service \
    systemd-resolved.service systemd-timesyncd.service console-getty.service systemd-sysctl.service; do
    ln -sf /dev/null "$dir/etc/systemd/system/$unit"
  done
  mkdir -p "$dir/etc/e2e" "$dir/var/log/journal" "$dir/etc/systemd/system/multi-user.target.wants"
  cat >"$dir/etc/systemd/system/e2e-sshd.service" <<'UNIT'
[Service]
EnvironmentFile=/etc/e2e/address
RuntimeDirectory=sshd
ExecStart=/usr/sbin/sshd -D -e -o UsePAM=no -o Port=2222 -o ListenAddress=${ADDRESS}
UNIT
  ln -s ../e2e-sshd.service "$dir/etc/systemd/system/multi-user.target.wants/"
  chroot "$dir" useradd --create-home --shell /bin/bash ops
  # A locked password would keep sshd from letting the key in, too.
  chroot "$dir" usermod --password '*' ops
  echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$dir/etc/sudoers.d/ops"
  touch "$dir.complete"
fi
echo "$dir"
