#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What a kernel lacks is told by its name. There is no modprobe, so a module that
# is removed stays away until it is put back.

NEEDS='{
	"cniVersion": "1.1.0", "name": "needs", "type": "bridge",
	"bridge": "needs0", "isGateway": true, "ipMasq": true,
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'

# refused_without PART MODULE...: ADD names the part, and leaves nothing.
refused_without() {
	local part=$1
	shift
	rmmod "$@"
	pod_up p1
	refused ADD p1 "$NEEDS" ": the kernel has no $part"
	same "$(links pod p1)" lo
	del_twice p1 "$NEEDS"
	nothing_left
}

# lacks PART MODULE...
lacks() {
	it "a kernel without $1 is refused by that name" refused_without "$@"
	node_clear
	while read -r module; do
		[ -d "/sys/module/${module%.ko*}" ] ||
			insmod "/lib/modules/$module" 2>/dev/null
	done </lib/modules/order
}

EXPRESSIONS="nft_masq nft_nat nft_ct nft_fib_inet"
NF_TABLES="$EXPRESSIONS nft_chain_nat nft_fib_ipv4 nft_fib_ipv6 nft_fib
	nft_meta_bridge nf_tables"

for module in $EXPRESSIONS; do
	lacks "$module" "$module"
done
lacks "nft_chain_nat (of Linux 5.2 or later)" nft_chain_nat
# shellcheck disable=SC2086
{
	lacks "nf_tables (CONFIG_NF_TABLES)" $NF_TABLES
	lacks "nf_tables (CONFIG_NF_TABLES)" $NF_TABLES nf_conntrack_netlink \
		nfnetlink
}
lacks veth veth
lacks bridge nft_meta_bridge br_netfilter bridge
NEEDS=$(with "$NEEDS" '"macspoofchk": true')
lacks nft_meta_bridge nft_meta_bridge

export PLUGIN=firewall
NEEDS='{
	"cniVersion": "1.1.0", "name": "needs", "type": "firewall",
	"prevResult": {
		"cniVersion": "1.1.0",
		"interfaces": [{"name": "eth0", "sandbox": "/run/netns/p1"}],
		"ips": [{"address": "10.1.2.2/24", "interface": 0}]
	}
}'
lacks nft_ct nft_ct
# shellcheck disable=SC2086
lacks "nf_tables (CONFIG_NF_TABLES)" $NF_TABLES
