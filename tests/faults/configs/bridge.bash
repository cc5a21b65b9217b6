# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_dual() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		\"hairpinMode\":true,
		$(ipam "$ranges4,$ranges6" "$routes4,$routes6")")
	shows=('hairpin on' 'default via 10\.9\.0\.1 ' 'default via fd00:9::1 '
		'goto masq4-29$' 'goto masq6-64$')
}

config_first() {
	neighbour=0
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		$(ipam "$only4" "$routes4")")
	shows=('^[0-9]+: cni0 .* 10\.9\.0\.1/' 'goto masq4-29$')
}

# The bridge is another's, and has no address.
config_given() {
	given=1
	config_first
}

config_gateway() {
	chain=("\"type\":\"bridge\",\"isDefaultGateway\":true,\"ipMasq\":true,
		$(ipam "$ranges4" "$routes4")")
	shows=('^[0-9]+: cni0 .* 10\.9\.0\.1/' 'default via 10\.9\.0\.1 '
		'goto masq4-29$')
}

config_spoof() {
	chain=("\"type\":\"bridge\",\"macspoofchk\":true,
		$(ipam "$ranges4" '')")
	shows=('ether saddr != @sources drop' '0a:58:0a:09:00:03 comment "net/eth0/pod"')
}

config_plain() {
	chain=("\"type\":\"bridge\",$(ipam "$ranges4" '')")
	shows=('veth.* master cni0 ' '^2: eth0 .* 10\.9\.0\.3/')
}

config_vlan() {
	needs_vlan_filtering || return
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"vlan\":10,
		$(ipam "$ranges4" '')")
	shows=('vlan_filtering 1' 'cni0\.10')
}

config_layer2() {
	chain=('"type":"bridge","ipam":{}')
	shows=('veth.* master cni0 ')
}

# Three other DELs meet this one, which gets the queue of links first,
config_meeting() {
	others=(other1 other2 other3) verbs=DEL
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
		$(ipam '[{"subnet":"10.9.0.0/29"}]' '')")
	shows=('goto masq4-29$')
}

# or last.
config_behind() {
	behind=1
	config_meeting
}
