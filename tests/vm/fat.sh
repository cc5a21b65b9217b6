#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Reservations on a file system that has neither hard links nor attributes.

ON_FAT='{
	"cniVersion": "1.0.0", "name": "pods", "type": "host-local",
	"ipam": {
		"type": "host-local", "subnet": "10.1.2.0/29", "dataDir": "/fat"
	}
}'

# The address that POD gets.
address() {
	cni ADD host-local "$1" "$ON_FAT" |
		sed -n 's/.*"address": *"\([^"]*\)".*/\1/p'
}

reserves_on_fat() {
	same "$(address p1)" 10.1.2.2/29
	same "$(address p2)" 10.1.2.3/29
	same "$(tr '\r\n' '__' </fat/pods/10.1.2.2)" p1__eth0
	same "$(cni DEL host-local p1 "$ON_FAT")" ""
	same "$(address p3)" 10.1.2.4/29
	same "$(address p4)" 10.1.2.5/29
	same "$(address p5)" 10.1.2.6/29
	same "$(address p6)" 10.1.2.2/29
	same "$(address p7)" ""
	for pod in p2 p3 p4 p5 p6; do
		same "$(cni DEL host-local $pod "$ON_FAT")" ""
	done
	same "$(find /fat/pods -name "10.*")" ""
}

mkdir /fat
dd if=/dev/zero of=/tmp/fat bs=1M count=4 2>/dev/null
mkdosfs /tmp/fat
mount -t vfat -o loop /tmp/fat /fat
claim "reservations may lie in a FAT file system" reserves_on_fat
umount /fat
rm /tmp/fat
