# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

# flannel_env SUBNET MASQ: what flanneld has written.
flannel_env() {
	printf 'FLANNEL_%s\n' NETWORK=10.9.0.0/16 "SUBNET=$1" MTU=1450 \
		"IPMASQ=$2" >"$T/subnet.env"
}

config_flannel() {
	flannel_env 10.9.0.1/29 false
	chain=("\"type\":\"flannel\",\"subnetFile\":\"$T/subnet.env\",
		\"delegate\":{\"isDefaultGateway\":true}")
	shows=('^file /var/lib/cni/flannel/pod ' '^[0-9]+: cni0: .* mtu 1450 '
		'default via 10\.9\.0\.1 ' 'goto masq4-29')
}

config_flannel_ptp() {
	neighbour=0
	flannel_env 10.9.0.1/30 true
	chain=("\"type\":\"flannel\",\"subnetFile\":\"$T/subnet.env\",
		\"delegate\":{\"type\":\"ptp\"}")
	shows=('^file /var/lib/cni/flannel/pod ' '^unicast 10\.9\.0\.2 dev veth'
		'^2: eth0@.* mtu 1450 ')
}
