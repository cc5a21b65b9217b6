# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

# A sysctl, if it is not as in a new pod.
also() {
	local value
	value=$(ip netns exec pod cat /proc/sys/net/core/somaxconn)
	[ "$value" = 4096 ] || echo "somaxconn $value"
}

pod_anew() {
	ip netns exec pod sh -c 'echo 4096 >/proc/sys/net/core/somaxconn'
}

config_tuned() {
	stays='/^somaxconn /d'
	chain=("\"type\":\"bridge\",\"isGateway\":true,
			$(ipam "$ranges4" "$routes4")"
		'"type":"tuning","mac":"02:00:5e:10:00:01","mtu":1400,
			"promisc":true,"allmulti":true,"txQLen":77,
			"sysctl":{"net.core.somaxconn":"500"}')
	shows=('ALLMULTI.*PROMISC.* mtu 1400 .* qlen 77.*02:00:5e:10:00:01'
		'^somaxconn 500$')
}
