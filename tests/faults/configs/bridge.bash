# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_dual() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		\"hairpinMode\":true,
		$(ipam "$ranges4,$ranges6" "$routes4,$routes6")")
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

config_gateway() {
	chain=("\"type\":\"bridge\",\"isDefaultGateway\":true,\"ipMasq\":true,
		$(ipam "$ranges4" "$routes4")")
}

config_spoof() {
	chain=("\"type\":\"bridge\",\"macspoofchk\":true,
		$(ipam "$ranges4" '')")
}

config_plain() {
	chain=("\"type\":\"bridge\",$(ipam "$ranges4" '')")
}

config_vlan() {
	needs_vlan_filtering || return
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"vlan\":10,
		$(ipam "$ranges4" '')")
}

config_layer2() {
	chain=('"type":"bridge","ipam":{}')
}

# Three other DELs meet this one, which gets the queue of links first,
config_meeting() {
	others=(other1 other2 other3) verbs=DEL
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		$(ipam '[{"subnet":"10.9.0.0/29"}]' '')")
}

# or last.
config_behind() {
	behind=1
	config_meeting
}
