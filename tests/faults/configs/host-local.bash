# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

# The IPAM plugin is another program, which is run.
config_foreign() {
	STEP+=(-f)
	cp --remove-destination "$CNIBOX" "$BIN/host-local"
	chain=("\"type\":\"bridge\",\"isGateway\":true,
		$(ipam "$ranges4" '')")
	shows=('^file .*/10\.9\.0\.3 ') makes=(execve)
}

# DEL finds what it looks for by reading every file.
config_unindexed() {
	indexed=0
	chain=("\"type\":\"bridge\",$(ipam "$ranges4" '')")
	shows=('^file .*/10\.9\.0\.3 ') makes=(getdents64)
}

# The list of nodes says which addresses and how large packets.
config_listed() {
	"$CNIBOX" --help | grep -q 'cnibox nodes' || skip="built without NODES"
	neighbour=0
	node_has() {
		mkdir -p /run/cni/cnibox
		printf '%s\n' "self 10.9.0.0/30 192.0.2.1" "mtu 1450" \
			"node 10.9.1.0/24 192.0.2.2" >/run/cni/cnibox/nodes
	}
	node_has
	chain=('"type":"bridge","isGateway":true,"ipMasq":true,"mtu":"auto",
		"nonMasqueradeRealm":7,
		"ipam":{"type":"host-local","subnet":"auto"}')
	shows=('^file .*/10\.9\.0\.2 ' '^[0-9]+: cni0: .* mtu 1450 ' 'rt classid .* 7 return'
		'goto masq4-30')
}
