# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

# The IPAM plugin is another program, which is run.
config_foreign() {
	STEP+=(-f)
	cp --remove-destination "$CNIBOX" "$BIN/host-local"
	chain=("\"type\":\"bridge\",\"isGateway\":true,
		$(ipam "$ranges4" '')")
}

# DEL finds what it looks for by reading every file.
config_unindexed() {
	indexed=0
	chain=("\"type\":\"bridge\",$(ipam "$ranges4" '')")
}
