# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # drive reads and sets them

# The neighbour has the same address, which is nobody's business here.
config_fixed() {
	chain=('"type":"bridge","isGateway":true,"ipam":{"type":"static",
		"addresses":[{"address":"10.9.0.2/29"}],
		"routes":[{"dst":"0.0.0.0/0"}]}')
	shows=('^2: eth0 .* 10\.9\.0\.2/29 ' 'default via 10\.9\.0\.1 ')
}
