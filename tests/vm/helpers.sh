#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What the tests in the guest share. The guest is the node, and is thrown away.
# Pods are network namespaces below /run/netns.

tests=0

# claim TEXT CMD...: a test; CMD is a function that ends at the first command
# that fails.
claim() {
	local text=$1 status
	shift
	tests=$((tests + 1))
	(
		set -ex
		"$@"
	) >/tmp/log 2>&1
	status=$?
	if [ $status = 0 ]; then
		echo "ok $tests $text"
	else
		echo "not ok $tests $text"
		tail -n 30 /tmp/log | sed 's/^/# /'
	fi
}

# The same, on a node that has nothing yet.
it() {
	node_clear
	claim "$@"
}

plan() {
	echo "1..$tests"
}

# Succeeds if CMD fails: unlike !, this is good under set -e.
fails() {
	! "$@"
}

# same TEXT EXPECTED
same() {
	[ "$1" = "$2" ]
}

# ---- the node and its pods

pod_up() {
	local pod
	mkdir -p /run/netns
	for pod; do
		: >"/run/netns/$pod"
		unshare --net="/run/netns/$pod" true
	done
}

pod_down() {
	umount "/run/netns/$1"
	rm "/run/netns/$1"
}

pod() {
	local net=/run/netns/$1
	shift
	nsenter --net="$net" "$@"
}

# The links of the node, or of the namespace that CMD enters.
links() {
	"$@" sed -n 's/^ *\([^:]*\):.*/\1/p' /proc/net/dev
}

node_clear() {
	local net link
	for net in /run/netns/*; do
		[ ! -e "$net" ] || pod_down "${net##*/}"
	done
	for link in $(links); do
		[ "$link" = lo ] || ip link del "$link" 2>/dev/null
	done
	rm -rf /run/cni /var/lib/cni /tmp/result.*
	nft flush ruleset
}

# ---- calling plugins

# CONF with more members.
with() {
	printf '%s' "${1%\}},$2}"
}

# cni VERB PLUGIN POD CONF
cni() {
	printf '%s' "$4" | env -i CNI_COMMAND="$1" CNI_CONTAINERID="$3" \
		CNI_NETNS="${NETNS:-/run/netns/$3}" CNI_IFNAME=eth0 \
		CNI_PATH=/opt/cni/bin "/opt/cni/bin/$2"
}

add() {
	cni ADD bridge "$1" "$2" >"/tmp/result.$1" || {
		cat "/tmp/result.$1"
		false
	}
}

# CONF with the answer of the pod's ADD.
with_prev() {
	with "$2" "\"prevResult\": $(tr -d '\n' <"/tmp/result.$1")"
}

check() {
	same "$(cni CHECK bridge "$1" "$(with_prev "$1" "$2")")" ""
}

# refused VERB POD CONF TEXT: the call, of bridge or PLUGIN, prints an error document
# with TEXT.
refused() {
	local answer status=0
	answer=$(cni "$1" "${PLUGIN:-bridge}" "$2" "$3") || status=$?
	same $status 1
	case $answer in
	"{"*'"code"'*'"msg"'*"$4"*"}") ;;
	*) false ;;
	esac
}

del_twice() {
	same "$(cni DEL "${PLUGIN:-bridge}" "$1" "$2")" ""
	same "$(cni DEL "${PLUGIN:-bridge}" "$1" "$2")" ""
}

# The names of the interfaces of an ADD's answer, one a line.
interfaces() {
	grep -o '"name": *"[^"]*"' "/tmp/result.$1" | cut -d '"' -f 4
}

# The node's end of a pod's veth pair.
port() {
	interfaces "$1" | sed -n 2p
}

# ---- expectations

# What plugins have made and not removed, one thing a line. A bridge and the
# gateway of one of its VLANs are shared, and stay.
leftovers() {
	local net link gateways
	gateways=$(cat /sys/class/net/*.*/iflink 2>/dev/null)
	for link in $(links); do
		case $link in
		lo | *.*) continue ;;
		esac
		[ ! -d "/sys/class/net/$link/bridge" ] || continue
		echo "$gateways" |
			grep -qx "$(cat "/sys/class/net/$link/ifindex")" ||
			echo "link $link"
	done
	for net in /run/netns/*; do
		[ ! -e "$net" ] || links nsenter --net="$net" | grep -v '^lo$'
	done
	find /run/cni /var/lib/cni -type f ! -name lock ! -name '.*' \
		! -name 'last_reserved_ip.*' 2>/dev/null
	[ ! -x /usr/sbin/nft ] || nft list ruleset | grep 'elements = '
}

# The kernel removes the links of a deleted namespace a little later.
nothing_left() {
	local tries=3000
	until same "$(leftovers)" ""; do
		tries=$((tries - 1))
		[ $tries != 0 ]
		usleep 20000
	done
}

gone() {
	del_twice "$@"
	nothing_left
}

pings() {
	pod "$1" ping -c 1 -W 60 "$2"
}

cannot_ping() {
	fails pod "$1" ping -c 1 -W 1 "$2"
}
