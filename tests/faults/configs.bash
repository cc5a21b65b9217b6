# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what is set here, drive reads
#
# configs/PLUGIN.bash has the configurations that plugin is tried with, a function
# config_NAME for each. One that has no such file is tried with what the plugins
# of its room have in common.
#
# Each sets chain: what the plugins get, one after another, but for version and
# name. Every range has just as many addresses as there are pods, so that one
# that is lost is missed by the next ADD. neighbour=0 leaves the pod alone on
# its node, which has nothing then that the pod does not bring; settled=0 lets
# it come and go once before. indexed=0 has host-local lose its index all the
# time. others are pods whose DELs are under way, all before that of the pod or
# (behind=1) before its own, when a call of that goes wrong. given=1 has a bridge on
# the node, node_has what it makes there. verbs are those that the plugin has
# something to do for.
#
# shows are patterns (ERE) of what the ADDs bring to the world, so that they do what
# the configuration is there for; makes are system calls of which the same is true, that
# each verb makes but CHECK. also() tells what else there is in this world; stays is
# for sed(1), what DEL leaves of that, until pod_anew.

node_has() {
	:
}

pod_anew() {
	:
}

ranges4='[{"subnet":"10.9.0.0/29","rangeStart":"10.9.0.2","rangeEnd":"10.9.0.3"}]'
ranges6='[{"subnet":"fd00:9::/64","rangeStart":"fd00:9::2","rangeEnd":"fd00:9::3"}]'
only4='[{"subnet":"10.9.0.0/29","rangeStart":"10.9.0.2","rangeEnd":"10.9.0.2"}]'
routes4='{"dst":"0.0.0.0/0"}'
routes6='{"dst":"::/0"}'

ipam() {
	echo "\"ipam\":{\"type\":\"host-local\",\"ranges\":[$1],\"routes\":[$2]}"
}

# config_by_room FOLDER PLUGIN
config_by_room() {
	shows=('^[0-9]+: eth0')
	case $1 in
	main)
		chain=("\"type\":\"$2\",$(ipam "$ranges4" "$routes4")")
		;;
	ipam)
		chain=("\"type\":\"bridge\",$(ipam "$ranges4" "$routes4")")
		chain=("${chain[0]/\"host-local\"/\"$2\"}")
		;;
	meta)
		chain=("\"type\":\"bridge\",\"isGateway\":true,
				$(ipam "$ranges4" "$routes4")"
			"\"type\":\"$2\"")
		;;
	esac
}

configs_of() {
	sed -n 's/^config_\([a-z0-9_]*\)() {$/\1/p' "$1/configs/$2.bash" \
		2>/dev/null || echo "$2"
}

# Prints "NAME ROOM PLUGIN" for each configuration, those of chains first, as they
# take longest.
configs_list() {
	local here=$1 room plugin name
	for room in meta main ipam; do
		for plugin in "$here/../../applets/$room"/{*.c,*/}; do
			[ -e "$plugin" ] || continue
			plugin=$(basename "$plugin" .c)
			for name in $(configs_of "$here" "$plugin"); do
				echo "$name $room $plugin"
			done
		done
	done
}
