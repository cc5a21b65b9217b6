# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_ptp() {
	chain=("\"type\":\"ptp\",\"ipMasq\":true,
		$(ipam "$ranges4,$ranges6" "$routes4,$routes6")")
	shows=('^unicast 10\.9\.0\.3 dev veth' '^unicast fd00:9::3 dev veth'
		'goto masq4-29$' 'goto masq6-64$')
}

config_ptp_first() {
	neighbour=0
	chain=("\"type\":\"ptp\",\"ipMasq\":true,$(ipam "$only4" "$routes4")")
	shows=('^unicast 10\.9\.0\.2 dev veth' 'goto masq4-29$')
}
