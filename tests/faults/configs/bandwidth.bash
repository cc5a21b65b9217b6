# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_limits() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,
			$(ipam "$ranges4" "$routes4")"
		"\"type\":\"bandwidth\",
			\"ingressRate\":8000000,\"ingressBurst\":160000,
			\"egressRate\":8000000,\"egressBurst\":160000")
	shows=('qdisc tbf' 'Redirect to device bwp')
}
