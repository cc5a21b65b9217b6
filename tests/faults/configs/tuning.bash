# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_tuned() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,
			$(ipam "$ranges4" "$routes4")"
		'"type":"tuning","mac":"02:00:5e:10:00:01","mtu":1400,
			"promisc":true,"allmulti":true,"txQLen":77,
			"sysctl":{"net.core.somaxconn":"500"}')
}
