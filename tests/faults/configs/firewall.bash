# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_firewall() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,
			$(ipam "$ranges4,$ranges6" "$routes4,$routes6")"
		"\"type\":\"firewall\",\"ingressPolicy\":\"isolated\"")
	shows=('pod\.firewall .*\\nnat isolated veth' 'set isolated-cni0 \{'
		'set pods6-')
}

config_egress() {
	chain=("\"type\":\"bridge\",\"isGateway\":true,
			$(ipam "$ranges4,$ranges6" "$routes4,$routes6")"
		"\"type\":\"firewall\",\"egress\":{\"default\":\"deny\",
			\"allow\":[\"gateway:53/udp\",\"192.0.2.0/24\"]}")
	shows=('limited4-.* \{' '10\.9\.0\.1 \. udp \. 53' '192\.0\.2\.0/24 \. tcp'
		'10\.9\.0\.3 comment "net/eth0/pod"')
}
