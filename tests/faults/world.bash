# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # drive sets them
#
# What there is on the node and in its pods, as text that can be compared.

shopt -s globstar dotglob nullglob

world_up() {
	mount -t tmpfs run /run
	mount -t tmpfs lib /var/lib
	mount -t sysfs sysfs /sys
	mkdir /run/netns
	ip link set lo up
	# Addresses are there at once, for good.
	echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
	sysctl -eqw net.bridge.bridge-nf-call-{ip,ip6}tables=0
	printf '%s\n' "link show" "address show" "route show table all" \
		"rule show" >"$T/batch"
}

pod_up() {
	ip netns add "$1"
	ip netns exec "$1" \
		sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
}

# Files with their modes, and what they hold.
files() {
	local mode file text all=()
	for file in /run/cni/** /var/lib/cni/**; do
		[ -d "$file" ] || all+=("$file")
	done
	[ ${#all[@]} != 0 ] || return 0
	while read -r mode file; do
		# An index is binary, a hint that is never believed unchecked;
		# so is what the queue of links has left.
		[[ $file != */.@(index:*|del|queue) ]] || continue
		text=
		IFS= read -r -d '' text <"$file"
		printf 'file %s %s %q\n' "$file" "$mode" "$text"
	done < <(stat -c '%a %n' -- "${all[@]}")
}

# What limits rates on the node, with what redirects packets to it.
queues() {
	local kind link
	tc qdisc show | while read -r _ kind _ _ link _; do
		[ "$kind" != noqueue ] || continue
		echo "queue $kind $link"
		tc filter show dev "$link" parent ffff: | sed 's/index.*//'
	done
}

# What changes by itself; and that a bridge has lost its carrier with its last
# port, of which the kernel tells routes and links when it has time.
VOLATILE='s/[a-z_]*_timer +[0-9.]+//g; s/ linkdown\b//; s/NO-CARRIER,//
	s/,LOWER_UP//; s/ state [A-Z]+//'

# What legitimately remains, and why:
# - the lock of host-local's folder: to remove a lock is to race for it
# - the address that was given out last, a hint which to try next
# - (left out above) the index of the folder, a hint that is verified
# - folders, which are not listed at all
# - (not looked at) forwarding that was switched on: others may count on it
REMAINS='/^file .*\/(lock|last_reserved_ip\.[0-9]+) /d'

# With nobody else on the node, also what a neighbour would have had in use:
# - the bridge with its addresses and routes, unless the ADD that made it had
#   the time to take it back
# - tables, maps and chains of ours that are the same for all pods, and the
#   chain of the subnet; no element
BRIDGE_REMAINS='/^[0-9]+: cni0[: ]|^[a-z]+ .* dev cni0 /d'
TABLES_REMAIN='/^table (inet|bridge) cnibox /,/^}/{
	/elements = \{/,/\}/!d
}'

# - a bridge that was there, but none of our addresses
GIVEN_REMAINS='/^[0-9]+: cni0(: | +inet6 fe80)/d
	/^[a-z]+ (fe80|ff00)[^ ]* dev cni0 /d'

# Without elements that expire, which are gone within a tick of the kernel's clock.
ruleset() {
	local text tries=1000
	while text=$(nft list ruleset) && [[ $text == *" expires "* ]]; do
		((tries--)) || break
	done
	[ -z "$text" ] || printf '%s\n' "$text"
}

# world FILE [SED]: writes down what there is, less what SED drops.
world() {
	{
		files
		ip -d -o -batch "$T/batch"
		queues
		for pod in "${pods[@]}"; do
			echo "pod $pod"
			ip -n "$pod" -d -o -batch "$T/batch"
		done
		ruleset
		also
	} | sed -E -e "$VOLATILE" -e "$REMAINS" ${2:+-e "$2"} >"$1"
}

# As it is where no configuration says otherwise.
also() {
	:
}

# Back to the state of a new node.
node_wipe() {
	local link
	for link in /sys/class/net/*; do
		link=${link##*/}
		[ "$link" = lo ] || [ ! -e "/sys/class/net/$link" ] ||
			ip link del "$link"
	done 2>/dev/null
	nft flush ruleset
	rm -rf /run/cni /var/lib/cni
	node_has
	[ "$given" = 0 ] || ip link add cni0 up type bridge
}
