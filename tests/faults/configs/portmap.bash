# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_ports() {
	local ports
	ports='{"hostPort":1080,"containerPort":80,"protocol":"tcp"},
		{"hostPort":1081,"containerPort":80,"protocol":"udp"},
		{"hostPort":1082,"containerPort":81,"hostIP":"192.0.2.1"},
		{"hostPort":1083,"containerPort":82,"protocol":"tcp"}'
	chain=("\"type\":\"bridge\",\"isGateway\":true,\"ipMasq\":true,
			$(ipam "$ranges4" "$routes4")"
		"\"type\":\"portmap\",
			\"runtimeConfig\":{\"portMappings\":[$ports]}")
	shows=('tcp \. 1080 comment "net/eth0/pod"' 'udp \. 1081 ' 'tcp \. 1083 '
		'192\.0\.2\.1 \. 1082 ')
}
