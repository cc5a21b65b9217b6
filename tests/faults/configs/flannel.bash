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
}

config_flannel_ptp() {
	neighbour=0
	flannel_env 10.9.0.1/30 true
	chain=("\"type\":\"flannel\",\"subnetFile\":\"$T/subnet.env\",
		\"delegate\":{\"type\":\"ptp\"}")
}
