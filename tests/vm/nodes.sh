#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# cnibox nodes: three nodes on one segment, each a namespace with its own files and
# one pod. Whoever serves answers with the address that it sees.

# In the network of a node, and with its files.
node() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # of the other shell
	nsenter --net="/run/netns/$name" unshare --mount sh -c '
		mount --bind "$0/run" /run/cni
		mount --bind "$0/etc" /etc/cni
		mount --bind "$0/lib" /var/lib/cni
		exec "$@"' "/tmp/nodes/$name" "$@"
}

serve() {
	"$@" httpd -p 80 -h /tmp/www
}

# seen_by HOST CMD...: the address that HOST sees when CMD asks.
seen_by() {
	local host=$1
	shift
	"$@" timeout 60 wget -q -O - "http://$host/cgi-bin/who"
}

# node_pod VERB NODE: its pod, p1 of n1.
node_pod() {
	local number=${2#n}
	printf '%s' '{
		"cniVersion": "1.0.0", "name": "pods", "type": "bridge",
		"bridge": "pods0", "isGateway": true, "ipMasq": true,
		"mtu": "auto", "ipam": {
			"type": "host-local",
			"ranges": [
				[{"subnet": "10.1.'"$number"'.0/24"}],
				[{"subnet": "fd00:0:0:'"$number"'::/64"}]
			],
			"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
		}
	}' | node "$2" env -i CNI_COMMAND="$1" CNI_CONTAINERID="p$number" \
		CNI_NETNS="/run/netns/p$number" CNI_IFNAME=eth0 \
		CNI_PATH=/opt/cni/bin /opt/cni/bin/bridge
}

# A node with eth0 on lan0, and its pod.
node_up() {
	local number=${1#n} name
	pod_up "$1" "p$number"
	for name in run etc lib; do
		mkdir -p "/tmp/nodes/$1/$name"
	done
	/usr/sbin/ip link add "$1" type veth peer name eth0 netns "/run/netns/$1"
	/usr/sbin/ip link set "$1" master lan0 up
	pod "$1" /usr/sbin/ip link set lo up
	pod "$1" /usr/sbin/ip link set eth0 up
	pod "$1" /usr/sbin/ip address add "192.0.2.$number/24" dev eth0
	pod "$1" /usr/sbin/ip address add "2001:db8::$number/64" dev eth0 nodad
	pod "$1" /usr/sbin/ip route add default via 192.0.2.254
}

nodes_up() {
	node_clear
	mkdir -p /etc/cni /run/cni /var/lib/cni /tmp/www/cgi-bin
	# shellcheck disable=SC2016 # of the other shell
	printf '%s\n' '#!/bin/sh' echo 'echo "$REMOTE_ADDR" |
		sed "s/::ffff:\([0-9.]*\)/\1/; s/[][]//g"' >/tmp/www/cgi-bin/who
	chmod 755 /tmp/www/cgi-bin/who
	/usr/sbin/ip link add lan0 type bridge
	/usr/sbin/ip link set lan0 up
	/usr/sbin/ip address add 192.0.2.254/24 dev lan0
	/usr/sbin/ip address add 2001:db8::fe/64 dev lan0 nodad
	node_up n1
	node_up n2
	node_up n3
}

nodes_down() {
	killall httpd
	node_clear
	rm -rf /tmp/nodes /tmp/www
}

# The public key of a node.
key() {
	cat "/tmp/nodes/$1/key"
}

# A line of the list: NODE [ADDRESS [KEY]]
line() {
	local number=${1#n}
	echo "10.1.$number.0/24,fd00:0:0:$number::/64" \
		"${2:-192.0.2.$number},2001:db8::$number" \
		"wg=${3:-$(key "$1")}"
}

# Standard input becomes the list of all nodes.
list() {
	tee /tmp/nodes/n1/etc/nodes /tmp/nodes/n2/etc/nodes \
		>/tmp/nodes/n3/etc/nodes
}

# tunnel VERB NODE...
tunnel() {
	local verb=$1 node
	shift
	for node; do
		node "$node" cnibox nodes "$verb" --backend wireguard
	done
}

# RFC 7748, 6.1: a private key, and another's public one
ALICE=dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=
BOB=3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=

makes_keys() {
	local node
	for node in n1 n2 n3; do
		node $node cnibox nodes key >/tmp/nodes/$node/key
	done
	key n1 | grep -x '[A-Za-z0-9+/]\{43\}='
	same "$(node n1 cnibox nodes key)" "$(key n1)"
	fails same "$(key n2)" "$(key n1)"
	same "$(stat -c %a /tmp/nodes/n1/etc/nodes.key)" 600
	echo $ALICE >/tmp/nodes/n1/etc/alice
	chmod 640 /tmp/nodes/n1/etc/alice
	same "$(node n1 cnibox nodes key /etc/cni/alice 2>/tmp/said)" \
		"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
	grep "others may read the private key /etc/cni/alice" /tmp/said
	rm /tmp/nodes/n1/etc/alice
}

# All see each other's own addresses.
meet() {
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.1.2 pod p2)" 10.1.2.2
	same "$(seen_by 192.0.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.2.2 pod n1)" 192.0.2.1
	same "$(seen_by "[fd00:0:0:2::2]" pod p1)" fd00:0:0:1::2
	same "$(seen_by "[2001:db8::2]" pod p1)" fd00:0:0:1::2
	same "$(seen_by "[fd00:0:0:2::2]" pod n1)" 2001:db8::1
}

joins() {
	{
		line n1
		line n2
		line n3
	} | list
	tunnel apply n1 n2 n3
	for node in n1 n2 n3; do
		node_pod ADD $node
		serve pod p${node#n}
		serve pod $node
	done
	serve env
	nft 'table bridge lan { chain forward {
		type filter hook forward priority 0;
		ip saddr 10.1.0.0/16 counter
		ip daddr 10.1.0.0/16 counter
		ip6 saddr fd00::/16 counter
		ip6 daddr fd00::/16 counter
	}; }'
	meet
	same "$(seen_by 10.1.3.2 pod p2)" 10.1.2.2
	same "$(seen_by 192.0.2.254 pod p1)" 192.0.2.1
	same "$(nft list table bridge lan | grep -c "counter packets 0 ")" 4
}

rests() {
	for node in n1 n2 n3; do
		same "$(tunnel check $node)" ""
		same "$(node $node cnibox nodes apply --dry-run \
			--backend wireguard)" ""
	done
}

# Neither made nor got any fragments.
whole_packets() {
	# shellcheck disable=SC2016 # of awk
	pod "$1" awk '
		/^Ip6(FragCreates|ReasmReqds) / && $2 { exit 1 }
		$1 != "Ip:" { next }
		!n { n = split($0, name); next }
		{
			for (i = 1; i <= n; i++)
				if (name[i] ~ /ReasmReqds|FragCreates/ && $i)
					exit 1
		}' /proc/net/snmp /proc/net/snmp6
}

# With the 60 bytes of the tunnel they fit the segment's 1500.
fills_packets() {
	pod p1 ip link show eth0 | grep "mtu 1440 "
	dd if=/dev/urandom of=/tmp/www/much bs=1024 count=200
	pod p1 timeout 60 wget -q -O - http://10.1.2.2/much | cmp - /tmp/www/much
	pod p1 ping -c 1 -W 60 -s 1412 10.1.2.2
	pod p1 ping -c 1 -W 60 -s 1392 fd00:0:0:2::2
	whole_packets n1
	whole_packets n2
	pod p1 ping -c 1 -W 60 -s 1413 10.1.2.2
	fails whole_packets p1
}

# n2 has another address: the same peers, found elsewhere.
moves() {
	pod n2 /usr/sbin/ip address del 192.0.2.2/24 dev eth0
	pod n2 /usr/sbin/ip address add 192.0.2.12/24 dev eth0
	pod n2 /usr/sbin/ip route add default via 192.0.2.254
	{
		line n1
		line n2 192.0.2.12
		line n3
	} | list
	tunnel apply n1 n2 n3
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 192.0.2.12 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.3.2 pod p2)" 10.1.2.2
	rests
}

# tells TEXT CMD...: it fails, and says so on stderr.
tells() {
	local text=$1
	shift
	fails "$@" 2>/tmp/said
	grep -F -- "$text" /tmp/said
}

refuses() {
	local own other
	own=$(key n1)
	other=$(key n3)
	{
		line n1 192.0.2.1 "$other"
		line n2 192.0.2.12
	} >/tmp/nodes/n1/etc/nodes
	tells "/etc/cni/nodes:1: wg=$other, but this node's public key is $own" \
		tunnel apply n1
	{
		line n1
		line n2 192.0.2.12 "$own"
	} >/tmp/nodes/n1/etc/nodes
	tells "/etc/cni/nodes: two nodes have wg=$own" tunnel apply n1
	{
		line n1
		line n2 192.0.2.12
		line n3 192.0.2.3 "$(key n2)"
	} >/tmp/nodes/n1/etc/nodes
	tells "/etc/cni/nodes: two nodes have wg=$(key n2)" tunnel apply n1
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.1.2 pod p3)" 10.1.3.2
}

# The port is another's.
takes_back() {
	pod n1 /usr/sbin/ip link add other type vxlan id 1 dstport 51821
	pod n1 /usr/sbin/ip link set other up
	tells "set key and port 51821 of cnibox-wg: Address in use" \
		node n1 cnibox nodes apply --backend wireguard --port 51821
	pod n1 /usr/sbin/ip link del other
	same "$(tunnel check n1)" ""
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
}

# The last step has no room, after n2 got another key, and n3 was left out.
takes_all_back() {
	cp /tmp/nodes/n1/etc/nodes /tmp/nodes/n1/etc/good
	{
		line n1
		line n2 192.0.2.12 $BOB
	} >/tmp/nodes/n1/etc/nodes
	tells "No space left on device" node n1 sh -c '
		mkdir -p /mnt
		mount -t tmpfs -o size=64k small /mnt
		cp -a /run/cni/. /mnt/
		mount --bind /mnt /run/cni
		dd if=/dev/zero of=/run/cni/much bs=4096 2>/dev/null
		cnibox nodes apply --backend wireguard'
	mv /tmp/nodes/n1/etc/good /tmp/nodes/n1/etc/nodes
	same "$(tunnel check n1)" ""
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.3.2 pod p1)" 10.1.1.2
}

changes_key() {
	local old
	old=$(key n2)
	rm /tmp/nodes/n2/etc/nodes.key
	node n2 cnibox nodes key >/tmp/nodes/n2/key
	fails same "$(key n2)" "$old"
	{
		line n1
		line n2 192.0.2.12
		line n3
	} | list
	tunnel check n1 >/tmp/drift || same $? 1
	grep "^delete peer $old " /tmp/drift
	grep "^add peer $(key n2) endpoint 192.0.2.12$" /tmp/drift
	tunnel apply n1 n2 n3
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.2.2 pod p3)" 10.1.3.2
	rests
}

leaves() {
	{
		line n1
		line n2 192.0.2.12
	} | list
	tunnel apply n1 n2
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	fails pod p3 ping -c 1 -W 1 10.1.1.2
	fails pod p1 ping -c 1 -W 1 10.1.3.2
	{
		line n1
		line n2 192.0.2.12
		line n3
	} | list
	node n1 cnibox nodes apply --dry-run --backend wireguard |
		grep "^add peer $(key n3) "
	tunnel apply n1 n2 n3
	same "$(seen_by 10.1.3.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.1.2 pod p3)" 10.1.3.2
}

# One that may write no file is killed where it writes its first one. A peer that it
# had left behind would be in the way of another one.
takes_over_what_a_killed_apply_has_made() {
	cp /tmp/nodes/n1/etc/nodes /tmp/nodes/n1/etc/before
	line n4 192.0.2.14 "$BOB" >>/tmp/nodes/n1/etc/nodes
	# shellcheck disable=SC2016 # of the other shell
	fails node n1 sh -c 'ulimit -f 0 && exec cnibox nodes apply "$@"' - "$@"
	cp /tmp/nodes/n1/etc/before /tmp/nodes/n1/etc/nodes
	node n1 cnibox nodes apply "$@"
	line n4 192.0.2.14 "$ALICE" >>/tmp/nodes/n1/etc/nodes
	node n1 cnibox nodes apply "$@"
	mv /tmp/nodes/n1/etc/before /tmp/nodes/n1/etc/nodes
	node n1 cnibox nodes apply "$@"
}

# What nobody has noted as put there by cnibox is another's.
shares() {
	pod n1 /usr/sbin/ip link add wg7 type wireguard
	set -- --backend wireguard --interface wg7
	node n1 cnibox nodes apply "$@"
	fails pod n1 ip link show cnibox-wg
	same "$(seen_by 10.1.2.2 pod p1)" 10.1.1.2
	same "$(seen_by 10.1.3.2 pod p1)" 10.1.1.2
	sed -i "/^peer wg7 $(key n3 | sed 's|[/+]|.|g')\$/d" \
		/tmp/nodes/n1/run/cnibox/nodes
	{
		line n1
		line n2 192.0.2.12
	} >/tmp/nodes/n1/etc/nodes
	node n1 cnibox nodes apply "$@"
	tells "wg7 has port 51820, and not the nodes' 7: see --port" \
		node n1 cnibox nodes apply "$@" --port 7
	line n3 192.0.2.3 $BOB >>/tmp/nodes/n1/etc/nodes
	tells "wg7: peer $(key n3), which is not listed, has " \
		node n1 cnibox nodes apply "$@"
	sed -i '$d' /tmp/nodes/n1/etc/nodes
	takes_over_what_a_killed_apply_has_made "$@"
	{
		line n1
		line n2 192.0.2.12
		line n3
	} >/tmp/nodes/n1/etc/nodes
	same "$(node n1 cnibox nodes apply --dry-run "$@" | grep " peer ")" ""
	node n1 cnibox nodes apply --backend route
	pod n1 ip link del wg7
}

# By the other overlay and back.
changes_overlay() {
	{
		line n1
		line n2 192.0.2.12
		line n3
	} | list
	for node in n1 n2 n3; do
		node $node cnibox nodes apply --backend vxlan
		fails pod $node ip link show cnibox-wg
	done
	same "$(seen_by 10.1.3.2 pod p2)" 10.1.2.2
	same "$(seen_by 192.0.2.3 pod p2)" 10.1.2.2
	tunnel apply n1 n2 n3
	fails pod n1 ip link show cnibox-vxlan
	same "$(seen_by 10.1.3.2 pod p1)" 10.1.1.2
}

lacks_wireguard() {
	rmmod wireguard
	tells "create wireguard key: the kernel has no wireguard" \
		cnibox nodes key /tmp/key
	same "$(stat -c %a /tmp/key)" 600
}

nodes_up
claim "cnibox nodes key makes a private key once" makes_keys
claim "pods and nodes meet by WireGuard, with their own addresses" joins
claim "a second apply changes nothing, and check finds nothing" rests
claim "packets of full size pass the tunnel in one piece" fills_packets
claim "a node changes its address" moves
claim "an interface whose port is taken stays as it was" takes_back
claim "when the last step fails, all steps are taken back" takes_all_back
claim "a node gets another key" changes_key
claim "a key that is wrong is named, and nothing changes" refuses
claim "a node leaves, and comes back" leaves
claim "peers that are not listed stay on another's interface" shares
claim "the nodes change to VXLAN, and back" changes_overlay
nodes_down
claim "a kernel without WireGuard is told by that name" lacks_wireguard
