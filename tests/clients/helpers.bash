# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # shared with other files
#
# Here runtimes call the plugins. The node of tests/e2e/helpers.bash grows into
# one that a runtime can be started on: it has ipc, uts and cgroup namespaces
# too, an /etc, /opt, /root and /var of its own, and a host outside. It has no
# cgroups, so that no runtime leaves one on the machine.
#
# Every test file says what the machine must have for it (client_needs) and
# what makes a node of that runtime of the new node (client_up).

load ../e2e/helpers

IMAGE=localhost/busybox:1
IMAGE_FILE=$BATS_TEST_TMPDIR/image.tar
LOG=$BATS_TEST_TMPDIR/log

setup_file() {
	# Copied, as the node may hide where it comes from.
	export PLUGINS=$BATS_FILE_TMPDIR/bin
	mkdir -p "$PLUGINS"
	if [ -n "${CNI_PLUGINS_UNDER_TEST:-}" ]; then
		cp -a "$CNI_PLUGINS_UNDER_TEST/." "$PLUGINS"
	else
		cp "$CNIBOX" "$PLUGINS/cnibox"
		"$PLUGINS/cnibox" --install -s "$PLUGINS" >/dev/null
	fi
}

setup() {
	client_needs
	node_up
	outside_up
	client_up
}

# What the runtime wrote tells why a test failed.
teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || [ ! -e "$LOG" ] || tail "$LOG"
	node_down
}

# needs COMMAND|FILE...: the test is skipped if the machine lacks one.
needs() {
	local need
	for need; do
		[ -n "$(type -P "$need")" ] || [ -e "$need" ] ||
			skip "no $need"
	done
}

# The first process is a shell, as it has to bury the orphans.
node_up() {
	local ready
	exec {NODE_OUT}< <(exec setpriv --pdeathsig KILL unshare --net \
		--mount --pid --ipc --uts --cgroup --fork --kill-child \
		--mount-proc bash -c '
			set -e
			mount -t tmpfs run /run
			mkdir /run/netns /run/etc /run/etc/{new,work}
			mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/new \
				-o workdir=/run/etc/work etc /etc
			rm -rf /etc/cni /etc/container{d,s}
			mount -t tmpfs opt /opt
			mkdir /opt/cni
			cp -a "$PLUGINS" /opt/cni/bin
			mount -t tmpfs root /root
			mount -t tmpfs var /var
			mkdir -m 1777 /var/{lib,log,tmp}
			ln -s /run /var/run
			mount -t sysfs sysfs /sys
			mount -t tmpfs cgroup /sys/fs/cgroup
			hostname node
			ip link set lo up
			echo 0 >/proc/sys/net/ipv4/ip_forward
			echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
			sysctl -eqw net.bridge.bridge-nf-call-{ip,ip6}tables=0
			echo ready
			sleep infinity &
			wait' 3>&-)
	NODE_PARENT=$!
	read -r ready <&"$NODE_OUT"
	[ "$ready" = ready ]
	NODE=$(pgrep -P "$NODE_PARENT")
	ROOT=/proc/$NODE/root
}

node() {
	nsenter --target "$NODE" --net --mount --pid --ipc --uts --cgroup -- \
		env HOME=/root TMPDIR=/var/tmp "$@" 3>&-
}

# node_file PATH: what is on standard input becomes a file of the node.
node_file() {
	mkdir -p "$ROOT${1%/*}"
	cat >"$ROOT$1"
}

# What runs containers, at OCI: runc insists on cgroups, crun can be told to do
# without.
OCI=/opt/oci/crun
oci_up() {
	node_file $OCI <<-'END'
		#!/bin/sh
		exec crun --cgroup-manager=disabled "$@"
	END
	chmod +x "$ROOT$OCI"
}

# What podman and buildah are told: networks of CNI, by the plugins of /opt/cni.
containers_up() {
	node_file /etc/containers/containers.conf <<-END
		[containers]
		apparmor_profile = ""
		cgroups = "disabled"
		default_capabilities = ["NET_BIND_SERVICE", "NET_RAW"]
		default_sysctls = []
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
		runtime = "crun"
		[engine.runtimes]
		crun = ["$OCI"]
		[network]
		network_backend = "cni"
		cni_plugin_dirs = ["/opt/cni/bin"]
	END
	node_file /etc/containers/policy.json <<-'END'
		{"default": [{"type": "insecureAcceptAnything"}]}
	END
	node_file /etc/containers/storage.conf <<-'END'
		[storage]
		driver = "vfs"
		graphroot = "/var/lib/containers"
		runroot = "/run/containers"
	END
}

# An image with nothing but busybox, as docker save writes it. Without a
# command it sleeps, so it also serves as the one that holds a pod.
image_up() {
	local image=$BATS_TEST_TMPDIR/image name
	! ldd "$(type -P busybox)" >/dev/null 2>&1 ||
		skip "busybox is not static"
	mkdir -p "$image/bin"
	cp "$(type -P busybox)" "$image/bin/busybox"
	for name in hostname ip nc ping sh sleep; do
		ln -sf busybox "$image/bin/$name"
	done
	tar -C "$image" -cf "$image/layer.tar" bin
	jq -n --arg id "$(sha256sum <"$image/layer.tar" | cut -d ' ' -f 1)" \
		--arg arch "$(dpkg --print-architecture)" '{
		architecture: $arch, os: "linux",
		config: {Cmd: ["sleep", "1000000"], Env: ["PATH=/bin"]},
		history: [{created_by: "busybox"}],
		rootfs: {type: "layers", diff_ids: ["sha256:" + $id]}
	}' >"$image/config.json"
	jq -n --arg name "$IMAGE" '[{Config: "config.json",
		RepoTags: [$name], Layers: ["layer.tar"]}]' \
		>"$image/manifest.json"
	tar -C "$image" -cf "$IMAGE_FILE" manifest.json config.json layer.tar
}

# What a container runs to tell who connects to port 80 its host name, and to
# ask the outside whom it sees.
SERVER=(nc -ll -p 80 -e sh -c 'read -r _; hostname')
CALLER=(sh -c 'echo who am I? | nc -w 60 192.0.2.2 7777')
