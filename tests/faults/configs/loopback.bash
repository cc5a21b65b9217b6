# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # drive reads and sets them

config_loopback() {
	neighbour=0 settled=0 verbs="ADD DEL"
	chain=('"type":"loopback"')
	shows=('^1: lo: <LOOPBACK,UP')
}
