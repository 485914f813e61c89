#!/bin/sh
# Stands in for the install script of K3s (https://get.k3s.io). What matters to a token is as there: the unit and
# its env file are removed and written anew by every run, the env file from the K3S_*, CONTAINERD_* and *_PROXY
# variables of this run alone, read through `read` without -r and an unquoted echo; the first word of
# INSTALL_K3S_EXEC chooses between server and agent; an agent that only K3S_URL chooses must have a token; where binary,
# unit and env file stay the same nothing is restarted; OpenRC wins where /sbin/openrc-run is there.
# Its "download" comes from STAND_IN_URL.
set -e

bin=${INSTALL_K3S_BIN_DIR:-/usr/local/bin}
# shellcheck disable=SC2086 # words of a command line
set -- $INSTALL_K3S_EXEC "$@"
case $1 in
'' | -*)
	kind=server
	if [ -n "$K3S_URL" ]; then
		kind=agent
		if [ -z "$K3S_TOKEN$K3S_TOKEN_FILE" ]; then
			echo "[ERROR]  Defaulted k3s exec command to 'agent' because K3S_URL is defined, but K3S_TOKEN or K3S_TOKEN_FILE is not defined." >&2
			exit 1
		fi
	fi
	;;
*)
	kind=$1
	shift
	;;
esac
case ${K3S_URL:-https://} in
https://*) ;;
*)
	echo "[ERROR]  Only https:// URLs are supported for K3S_URL (have $K3S_URL)" >&2
	exit 1
	;;
esac
if [ "$kind" = server ]; then name=k3s; else name=k3s-$kind; fi
[ -z "$INSTALL_K3S_NAME" ] || name=k3s-$INSTALL_K3S_NAME

if [ -x /sbin/openrc-run ]; then
	unit=/etc/init.d/$name
	env=/etc/rancher/k3s/$name.env
	mkdir -p /etc/rancher/k3s
else
	dir=${INSTALL_K3S_SYSTEMD_DIR:-/etc/systemd/system}
	unit=$dir/$name.service
	env=$dir/$name.service.env
fi
hashes() { sha256sum "$bin/k3s" "$unit" "$env" 2>/dev/null || true; }
before=$(hashes)
must_start() {
	[ "$INSTALL_K3S_SKIP_START" != true ] && { [ "$INSTALL_K3S_FORCE_RESTART" = true ] || [ "$before" != "$(hashes)" ]; }
}

if [ "$INSTALL_K3S_SKIP_DOWNLOAD" != true ] && [ "$INSTALL_K3S_SKIP_DOWNLOAD" != binary ]; then
	python3 -c 'import sys, urllib.request as u; u.urlretrieve(sys.argv[1], sys.argv[2])' "$STAND_IN_URL/k3s" "$bin/k3s"
	chmod 755 "$bin/k3s"
fi
if [ ! -x "$bin/k3s" ]; then
	echo "[ERROR]  Executable k3s binary not found at $bin/k3s" >&2
	exit 1
fi

uninstall=$bin/$name-uninstall.sh
cat >"$uninstall" <<UNINSTALL
#!/bin/sh
if [ -x /sbin/openrc-run ]; then rc-service $name stop; else systemctl disable --now $name; fi
rm -rf $unit $env /etc/rancher/k3s /run/k3s /var/lib/rancher/k3s $bin/k3s $uninstall
[ -x /sbin/openrc-run ] || systemctl daemon-reload
UNINSTALL
chmod 755 "$uninstall"

[ -x /sbin/openrc-run ] || systemctl disable "$name" >/dev/null 2>&1 || true
# The hard-coded directory, whatever INSTALL_K3S_SYSTEMD_DIR says; there the writing below starts anew.
rm -f "/etc/systemd/system/$name.service" "/etc/systemd/system/$name.service.env"
touch "$env"
chmod 600 "$env"
: >"$env"
# shellcheck disable=SC2162,SC2086 # as the original reads and writes
sh -c export | while read line; do
	case $line in
	'export K3S_'* | 'export CONTAINERD_'* | *'_PROXY='*) echo ${line#export } >>"$env" ;;
	esac
done

if [ -x /sbin/openrc-run ]; then
	cat >"$unit" <<SCRIPT
#!/sbin/openrc-run

depend() {
	after network-online
	want cgroups
}

supervisor=supervise-daemon
name=$name
command=$bin/k3s
command_args="$kind $* >>/var/log/$name.log 2>&1"
output_log=/var/log/$name.log
error_log=/var/log/$name.log
pidfile=/var/run/$name.pid
respawn_delay=5
respawn_max=0

set -o allexport
if [ -f /etc/environment ]; then . /etc/environment; fi
if [ -f $env ]; then . $env; fi
set +o allexport
SCRIPT
	chmod 755 "$unit"
	[ "$INSTALL_K3S_SKIP_ENABLE" = true ] && exit
	rc-update add "$name" default
	if must_start; then rc-service "$name" restart; fi
	exit
fi

{
	cat <<UNIT
[Unit]
Description=Lightweight Kubernetes
After=network-online.target
Wants=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=${INSTALL_K3S_TYPE:-notify}
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-$env
KillMode=process
Delegate=yes
User=root
TimeoutStartSec=0
Restart=always
RestartSec=5s
UNIT
	printf 'ExecStart=%s/k3s \\\n    %s' "$bin" "$kind"
	for argument; do printf " \\\\\n\t'%s'" "$argument"; done
	echo
} >"$unit"
systemctl daemon-reload
[ "$INSTALL_K3S_SKIP_ENABLE" = true ] && exit
systemctl enable "$name" >/dev/null 2>&1
if must_start; then systemctl restart "$name"; fi
