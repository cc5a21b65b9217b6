# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what is set here, drive reads
#
# Each sets chain: what the plugins get, one after another, but for version and
# name. Every range has just as many addresses as there are pods, so that one
# that is lost is missed by the next ADD. neighbour=0 leaves the pod alone on
# its node, which has nothing then that the pod does not bring; settled=0 lets
# it come and go once before. indexed=0 has host-local lose its index all the
# time. given=1 has a bridge on the node. verbs are those that the plugin has something to do for.

ranges4='[{"subnet":"10.9.0.0/29","rangeStart":"10.9.0.2","rangeEnd":"10.9.0.3"}]'
ranges6='[{"subnet":"fd00:9::/64","rangeStart":"fd00:9::2","rangeEnd":"fd00:9::3"}]'
only4='[{"subnet":"10.9.0.0/29","rangeStart":"10.9.0.2","rangeEnd":"10.9.0.2"}]'
routes4='{"dst":"0.0.0.0/0"}'
routes6='{"dst":"::/0"}'

ipam() {
	echo "\"ipam\":{\"type\":\"host-local\",\"ranges\":[$1],\"routes\":[$2]}"
}

config_plain() {
	chain=("\"type\":\"bridge\",$(ipam "$ranges4" '')")
}

# DEL finds what it looks for by reading every file.
config_unindexed() {
	indexed=0
	config_plain
}

config_layer2() {
	chain=('"type":"bridge","ipam":{}')
}

config_gateway() {
	chain=("\"type\":\"bridge\",\"isDefaultGateway\":true,\"ipMasq\":true,
		$(ipam "$ranges4" "$routes4")")
}

config_first() {
	neighbour=0
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		$(ipam "$only4" "$routes4")")
}

# The bridge is another's, and has no address.
config_given() {
	given=1
	config_first
}

config_dual() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		\"hairpinMode\":true,
		$(ipam "$ranges4,$ranges6" "$routes4,$routes6")")
}

config_spoof() {
	chain=("\"type\":\"bridge\",\"macspoofchk\":true,
		$(ipam "$ranges4" '')")
}

config_ports() {
	local ports
	ports='{"hostPort":1080,"containerPort":80,"protocol":"tcp"},
		{"hostPort":1081,"containerPort":80,"protocol":"udp"},
		{"hostPort":1082,"containerPort":81,"hostIP":"192.0.2.1"},
		{"hostPort":1083,"containerPort":82,"protocol":"tcp"}'
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
			$(ipam "$ranges4" "$routes4")"
		"\"type\":\"portmap\",
			\"runtimeConfig\":{\"portMappings\":[$ports]}")
}

config_vlan() {
	needs_vlan_filtering || return
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"vlan\":10,
		$(ipam "$ranges4" '')")
}

config_loopback() {
	neighbour=0 settled=0 verbs="ADD DEL"
	chain=('"type":"loopback"')
}

# The IPAM plugin is another program, which is run.
config_foreign() {
	STEP+=(-f)
	cp --remove-destination "$CNIBOX" "$BIN/host-local"
	chain=("\"type\":\"bridge\",\"isGateway\":true,
		$(ipam "$ranges4" '')")
}
