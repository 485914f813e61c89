#!/usr/bin/env bash
# Unpacks Debian's package openrc, as apt has it, into the root directory $1. It is not installed by dpkg: that would
# ask for another init, and nothing of its maintainer scripts is needed to run single services.
set -euo pipefail
debs=$(cd "$(dirname "$0")/.." && pwd)/.peers/openrc
packages=(openrc librc1 libeinfo1)

mkdir -p "$debs"
cd "$debs"
if [ ! -e complete ]; then
  rm -f -- *.deb
  apt-get download "${packages[@]}" >apt.log 2>&1 ||
    { apt-get update -qq && apt-get download "${packages[@]}"; } >apt.log 2>&1 ||
    { echo "openrc.sh: apt-get download failed, see $debs/apt.log" >&2 && exit 1; }
  touch complete
fi
for deb in *.deb; do dpkg --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$1"; done
# For the runlevels of scripts that came without OpenRC; without it each command complains.
touch "$1/etc/insserv.conf"
