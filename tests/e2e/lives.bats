#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who lives, who is dead, and who nobody can tell; calls that come a second
# time, or for a namespace that is another's by now.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=$DUAL_LIST
NET=$(jq -c '{cniVersion, name} + .plugins[0]' <<<"$LIST")
LO='{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}'
PTP='{
	"cniVersion": "1.0.0", "name": "net1", "type": "ptp",
	"ipam": {"type": "host-local", "subnet": "10.1.3.0/24"}
}'
RECORDS=/run/cni/cnibox

setup() {
	node_up
	pod_up p1 p2
}

# port NUMBER: the capability argument.
port() {
	jq -cn --argjson n "$1" '{portMappings: [
		{hostPort: $n, containerPort: 80, protocol: "tcp"}]}'
}

# Another mount namespace, where the paths of pods are plain files.
OUTSIDE=(unshare --mount bash -c
	'umount -l /run/netns/p?; exec "$@"' outside)

# syncs TEXT, shows TEXT: that line and nothing else; from OUTSIDE with "out".
says() {
	run --separate-stderr -0 node "${@:2}"
	[ "$output$stderr" = "$1" ] || complain "$output$stderr" "not: $1"
}

syncs() {
	says "$1" env -i "$CNIBOX" sync
}

syncs_outside() {
	says "$1" "${OUTSIDE[@]}" env -i "$CNIBOX" sync
}

shows_outside() {
	says "$1" "${OUTSIDE[@]}" env -i "$CNIBOX" show
}

# The host end of a pod's veth pair.
host_veth() {
	jq -r '.interfaces[1].name' <<<"${results[$1]}"
}

# theirs CMD...: with the Go plugins.
theirs() {
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH "$@"
}

need_theirs() {
	[ -x "$REFERENCE/ptp" ] || skip "no Go plugins"
}

# ---- alive, dead, unknown

@test "a pod whose path is another file for us keeps its NAT and its port" {
	add_list p1 "$LIST" "$(port 8081)"
	syncs_outside "1 attachments, 0 restored, 0 gone"
	check_list p1 "$LIST" "$(port 8081)"
	shows_outside \
		"net1/eth0/p1 - 8081/tcp->80 /run/netns/p1 (unknown)"
	run -0 node "${OUTSIDE[@]}" env -i "$CNIBOX" show --json
	expect "$output" '.[0].state == "unknown"'
	add p2 "$NET"
	WRAPPER=("${OUTSIDE[@]}")
	cni ADD portmap p2 \
		"$(plugin_conf "$LIST" 1 "$result" "$(port 8081)")"
	WRAPPER=()
	failed_with "host port 8081/tcp is already published for net1/eth0/p1, which may live"
	del_list p2 "$LIST"
	node nft flush ruleset
	syncs_outside "1 attachments, 1 restored, 0 gone"
	check_list p1 "$LIST" "$(port 8081)"
	pod_down p1
	syncs_outside "1 attachments, 0 restored, 1 gone"
	wait_until 5 nothing_left_but_leases
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

# They are what no DEL has freed as yet.
nothing_left_but_leases() {
	! leftovers | grep -qv ^/var/lib/cni/networks/
}

@test "a pod whose path was a process' own keeps its NAT" {
	local pid
	WRAPPER=(bash -c 'exec 9</run/netns/p1; exec "$@"' with-nine)
	CNI_NETNS=/proc/self/fd/9 add_list p1 "$LIST" "$(port 8081)"
	WRAPPER=()
	process_in p2
	CNI_NETNS=/proc/$pid/ns/net add_list p2 "$LIST" "$(port 8082)"
	node kill "$pid"
	wait_until 5 [ ! -e "$ROOT/proc/$pid" ]
	syncs "2 attachments, 0 restored, 0 gone"
	CNI_NETNS=/run/netns/p1 del_list p1 "$LIST"
	[ "$(nat_elements | grep -c p2)" = 6 ]
	CNI_NETNS="" del_list p2 "$LIST"
	nothing_left
}

@test "a pod whose host end was renamed lives" {
	local veth
	add_list p1 "$LIST" "$(port 8081)"
	veth=$(host_veth p1)
	node ip link set "$veth" name other0
	syncs_outside "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements | grep -c p1)" = 6 ]
	node ip link set other0 name "$veth"
	# One that has its name is its own, whatever its alias became.
	node ip link set "$veth" alias other
	syncs_outside "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements | grep -c p1)" = 6 ]
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

# ptp_list POD PORT: theirs, with our ports.
ptp_add() {
	theirs add "$1" "$PTP"
	add "$1" "$(with_prev "$(with "$PTP" "{\"type\": \"portmap\",
		\"runtimeConfig\": $(port "$2")}")" "$result")"
}

@test "behind another main plugin its own host end is asked for" {
	need_theirs
	ptp_add p1 8081
	node grep -E "^host [1-9]" $RECORDS/net1:eth0:p1.portmap
	syncs_outside "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements | grep -c ^host)" = 1 ]
	shows_outside \
		"net1/eth0/p1 - 8081/tcp->80 /run/netns/p1 (unknown)"
	pod_down p1
	syncs_outside "1 attachments, 0 restored, 1 gone"
	[ "$(nat_elements | grep -c p1)" = 0 ]
	theirs del p1 "$PTP"
	nothing_left
}

@test "where no host end is known nobody is dead before his DEL" {
	local conf
	conf=$(with "$NET" '{"type": "portmap", "runtimeConfig": '"$(port 8081)"',
		"prevResult": {"cniVersion": "1.0.0",
			"interfaces": [{"name": "eth0", "sandbox": "/run/netns/p1"}],
			"ips": [{"address": "10.1.3.2/24", "interface": 0}]}}')
	add p1 "$conf"
	pod_down p1
	syncs "1 attachments, 0 restored, 0 gone"
	says "net1/eth0/p1 - 8081/tcp->80 /run/netns/p1 (unknown)" \
		env -i "$CNIBOX" show
	add_fails p2 "$conf" "which may live"
	gone p1 "$conf"
	add p2 "$conf"
	gone p2 "$conf"
}

@test "what an old ruleset brings back goes, by its owner" {
	local dump=$BATS_TEST_TMPDIR/dump
	add_list p1 "$LIST" "$(port 8081)"
	add_list p2 "$LIST" "$(port 8082)"
	node nft list ruleset >"$dump"
	del_list p1 "$LIST" "$(port 8081)"
	node nft flush ruleset
	node nft -f /dev/stdin <"$dump"
	node nft add element inet cnibox hostport4 \
		'{ tcp . 8083 comment "an administrator" : 10.9.9.9 . 80 }'
	syncs "1 attachments, 0 restored, 0 gone"
	[ "$(nat_elements | grep -c p1)" = 0 ] || complain "$(nat_elements)"
	[ "$(nat_elements | grep -c administrator)" = 1 ]
	check_list p2 "$LIST" "$(port 8082)"
	# Without its record it has its host end.
	node find $RECORDS -type f -delete
	syncs "0 attachments, 0 restored, 0 gone"
	check_list p2 "$LIST" "$(port 8082)"
	node nft flush ruleset
	del_list p2 "$LIST" "$(port 8082)"
	nothing_left
}

# ---- a DEL for a namespace that is another's

stays_whole() {
	expect "$(link "$1" lo)" '.flags | index("UP")'
	pings "$1" 10.1.2.1
}

# What was p1's namespace is p2's: its DEL leaves p2 alone, and p1 nothing.
del_for_p2() {
	CNI_NETNS=/run/netns/p2 del_twice p1 "$NET"
	CNI_NETNS=/run/netns/p2 del_twice p1 "$LO"
	stays_whole p2
}

@test "DEL for the namespace of another pod leaves that alone" {
	local gone
	add p2 "$LO"
	add p2 "$NET"
	for gone in no yes; do
		add p1 "$NET"
		[ "$gone" = no ] || pod_down p1
		del_for_p2
		check p2 "$NET"
		expect "$(leftovers | jq -Rs .)" 'contains("p1") | not'
	done
	gone p2 "$NET"
}

@test "DEL for the namespace of a pod of the Go plugins leaves that alone" {
	need_theirs
	theirs add p2 "$LO"
	theirs add p2 "$NET"
	add p1 "$NET"
	pod_down p1
	CNI_NETNS=/run/netns/p2 del p1 "$NET"
	pings p2 10.1.2.1
	expect "$(link p2 lo)" '.flags | index("UP")'
	del p2 "$NET"
	no_link p2 eth0
	nothing_left
}

@test "DEL for another network leaves the interface of the same name" {
	local other
	other=$(with "$NET" '{"name": "net2", "bridge": "br1",
		"ipam": {"ranges": [[{"subnet": "10.1.3.0/24"}]]}}')
	add p1 "$NET"
	add_fails p1 "$other" "already exists"
	del_twice p1 "$other"
	pings p1 10.1.2.1
	check p1 "$NET"
	gone p1 "$NET"
}

@test "DEL for the plugin's own namespace is as good as for none" {
	add_list p1 "$LIST" "$(port 8081)"
	node ip link add eth0 type veth peer name other
	CNI_NETNS=/proc/1/ns/net del_list p1 "$LIST" "$(port 8081)"
	CNI_NETNS=/proc/1/ns/net del_list p1 "$LIST" "$(port 8081)"
	expect "$(link node eth0)" '.link == "other"'
	node ip link del eth0
	nothing_left
}

# ---- an ADD for another namespace

@test "ADD elsewhere is refused while the first lives, which keeps everything" {
	local before
	add_list p1 "$LIST" "$(port 8081)"
	before=$(leftovers)
	cni ADD bridge p1 "$NET"
	failed_with "already exists"
	CNI_NETNS=/run/netns/p2 add_fails p1 "$NET" \
		"net1/eth0/p1: is attached to another network namespace, /run/netns/p1"
	CNI_NETNS=/run/netns/p2 add_fails p1 "$(plugin_conf "$LIST" 1 \
		"${results[p1]}" "$(port 8081)")" "another network namespace"
	no_link p2 eth0
	[ "$(leftovers)" = "$before" ] || complain "$(leftovers)"
	check_list p1 "$LIST" "$(port 8081)"
	pings p1 10.1.2.1
	node find $RECORDS -type f -delete
	CNI_NETNS=/run/netns/p2 add_fails p1 "$NET" "already exists"
	node test -e /var/lib/cni/networks/net1/10.1.2.2
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

@test "ADD elsewhere succeeds at once when the first is gone" {
	add_list p1 "$LIST" "$(port 8081)"
	pod_down p1
	CNI_NETNS=/run/netns/p2 add_list p1 "$LIST" "$(port 8081)"
	CNI_NETNS=/run/netns/p2 check_list p1 "$LIST" "$(port 8081)"
	pings p2 10.1.2.1
	[ "$(node ls /var/lib/cni/networks/net1 | grep -c ^10)" = 1 ]
	CNI_NETNS=/run/netns/p2 del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

# ---- records are hints

# What may be the matter with the folder, from before the first pod on.
TROUBLES="missing-and-read-only read-only foreign file full"

# For "foreign" root has no more rights than others, as in a user namespace.
trouble() {
	WRAPPER=()
	case $1 in
	missing-and-read-only) node mount -t tmpfs -o ro none /run/cni ;;
	read-only)
		node mkdir -p $RECORDS
		node mount -t tmpfs -o ro none $RECORDS
		;;
	foreign)
		node mkdir -p $RECORDS
		node chown 4711 $RECORDS
		node chmod 700 $RECORDS
		WRAPPER=(setpriv
			--bounding-set=-dac_override,-dac_read_search)
		;;
	file) node touch $RECORDS ;;
	full)
		node mkdir -p $RECORDS
		node mount -t tmpfs -o size=4k,nr_inodes=1 none $RECORDS
		;;
	esac
}

@test "without a folder of records everything works, and stderr says so" {
	local trouble list
	list=$(jq -c '.cniVersion = "1.1.0"' <<<"$LIST")
	for trouble in $TROUBLES; do
		node mkdir /run/cni
		trouble "$trouble"
		add_list p1 "$list" "$(port 8081)"
		[[ $stderr == *"$RECORDS"*": "* ]] ||
			complain "$trouble: nothing said: $stderr"
		[[ $stderr != *"No such file"* ]] || complain "$stderr"
		check_list p1 "$list" "$(port 8081)"
		add p2 "$(with "$NET" '{"cniVersion": "1.1.0"}')"
		cni ADD portmap p2 \
			"$(plugin_conf "$list" 1 "$result" "$(port 8081)")"
		failed_with "which may live"
		CNI_IFNAME=eth9 add_fails p2 \
			"$(with "$NET" '{"ipam": {"type": "nope"}}')" "nope"
		del p2 "$NET"
		for type in portmap bridge; do
			CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" \
				cni GC $type p1 "$(jq --arg type $type '
				{cniVersion: "1.1.0", name, type: $type,
				ipam, bridge, "cni.dev/valid-attachments": [{
				containerID: "p1", ifname: "eth0"}]}' <<<"$NET")"
			silent "GC of $type"
			cni STATUS $type p1 "$(with "$NET" \
				"{\"cniVersion\": \"1.1.0\", \"type\": \"$type\"}")"
			silent "STATUS of $type"
			[[ $stderr == *"$RECORDS"*": "* ]] ||
				complain "$trouble: STATUS: $stderr"
		done
		check_list p1 "$list" "$(port 8081)"
		del_list p1 "$list" "$(port 8081)"
		node sh -c 'umount /run/cni/cnibox /run/cni 2>/dev/null
			rm -r /run/cni'
		nothing_left
	done
}

@test "a damaged record leads to a search by owner" {
	local damage record=$RECORDS/net1:eth0:p1
	for damage in 's/^nat/oat/' 's/8081/8080/' 's/ 80$/ 8x/' \
		's/^netns/netos/' 's/masq/mask/' 's/10.1.2.2/10.1.2.6/' \
		':a;N;$!ba;s/\n/J/2' ':a;N;$!ba;s/\n/J/' 's/^nat /nat!/'; do
		add_list p1 "$LIST" "$(port 8081)"
		node sed -i "$damage" $record.portmap $record.bridge
		del_list p1 "$LIST" "$(port 8081)"
		nothing_left
	done
}

@test "a record that is none is no error" {
	local make
	for make in "ln -s /nowhere" mkfifo "mknod -m 600"; do
		add_list p1 "$LIST" "$(port 8081)"
		node rm $RECORDS/net1:eth0:p1.bridge
		# shellcheck disable=SC2086 # several words
		node ${make%% -m*} ${make#"${make%% -m*}"} \
			$RECORDS/net1:eth0:p1.bridge \
			$([[ $make != mknod* ]] || echo c 1 5)
		del_list p1 "$LIST" "$(port 8081)"
		nothing_left
	done
}

# ---- a second ADD of the same

# The ADD of p1 has begun its record, and is about to ask for an address.
stop_add() {
	node strace -qq -o /dev/null true || skip "no strace"
	add p2 "$NET"
	WRAPPER=("${STOPPING[@]}" -P /var/lib/cni/networks/net1
		-e inject=openat:signal=STOP:when=1)
	cni ADD bridge p1 "$NET" &
	adding=$!
	WRAPPER=()
	wait_until 5 is_stopped
}

@test "an ADD that comes again meanwhile is refused, and takes nothing" {
	stop_add
	CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 \
		add_fails again "$NET" "p1: another ADD of it is under way"
	[ "$code" = 11 ]
	node kill -CONT "$STOPPED"
	wait "$adding"
	results[p1]=$(<"$BATS_TEST_TMPDIR/p1.out")
	check p1 "$NET"
	del p2 "$NET"
	gone p1 "$NET"
}

# A runtime has given up the first one.
@test "a DEL that comes meanwhile makes way for the next ADD" {
	stop_add
	del p1 "$NET"
	node kill -KILL "$STOPPED"
	wait "$adding"
	add p1 "$NET"
	check p1 "$NET"
	del p2 "$NET"
	gone p1 "$NET"
}

# ---- what sync carries over

# Rules are missing, so that sync makes the table anew.
spoil() {
	node nft flush chain inet cnibox guard
}

@test "who comes while sync makes a table anew keeps its NAT" {
	local list sync n
	node strace -qq -o /dev/null true || skip "no strace"
	# Its port has a chain of its own, which is not carried over.
	list=$(jq '.plugins[1].conditionsV4 = ["ip saddr 192.0.2.0/24"]
		| .plugins[1].backend = "nftables"' <<<"$LIST")
	add_list p1 "$LIST" "$(port 8081)"
	for n in 1 9 25 49; do
		spoil
		node rm -f /run/stopping
		node "${STOPPING[@]}" -e inject=sendto:signal=STOP:when=$n \
			env -i "$CNIBOX" sync >/dev/null &
		sync=$!
		wait_until 5 is_stopped
		add_list p2 "$list" "$(port 8082)"
		node kill -CONT "$STOPPED"
		wait $sync
		check_list p1 "$LIST" "$(port 8081)"
		check_list p2 "$list" "$(port 8082)"
		del_list p2 "$list" "$(port 8082)"
	done
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

@test "who lives without a record keeps its NAT when sync makes a table anew" {
	add_list p1 "$LIST" "$(port 8081)"
	add_list p2 "$LIST" "$(port 8082)"
	node rm $RECORDS/net1:eth0:p2.bridge $RECORDS/net1:eth0:p2.portmap
	spoil
	node "$CNIBOX" sync
	[ "$(nat_elements | grep -c net1/eth0/p2)" = 6 ] ||
		complain "$(nat_elements)"
	check_list p1 "$LIST" "$(port 8081)"
	del_list p2 "$LIST" "$(port 8082)"
	del_list p1 "$LIST" "$(port 8081)"
	nothing_left
}

@test "a port that another took from the heir keeps no DEL from success" {
	local other
	other=$(jq -c '.name = "net2" | .plugins[0].bridge = "br1"
		| .plugins[0].ipam.ranges = [[{"subnet": "10.1.3.0/24"}]]
		| .plugins[0].ipam.routes = []' <<<"$LIST")
	add_list p1 "$LIST" "$(port 8081)"
	CNI_IFNAME=eth1 add_list p1 "$other" "$(port 8081)"
	node nft flush ruleset
	add_list p2 "$LIST" "$(port 8081)"
	del_list p1 "$LIST" "$(port 8081)"
	CNI_IFNAME=eth1 del_list p1 "$other" "$(port 8081)"
	check_list p2 "$LIST" "$(port 8081)"
	del_list p2 "$LIST" "$(port 8081)"
	nothing_left
}

@test "DEL of the dead leaves connections of who has the address now alone" {
	outside_up
	pod outside socat TCP4-LISTEN:9000,reuseaddr \
		SYSTEM:"sleep 1; echo late" >/dev/null 2>&1 &
	wait_until 5 listening outside 9000 tcp 4
	add_list p1 "$LIST" "$(port 8081)"
	node ip netns del p1
	wait_until 5 no_link node "$(jq -r .interfaces[1].name <<<"${results[p1]}")"
	node rm -r /var/lib/cni/networks/net1
	add_list p2 "$LIST" "$(port 8082)"
	[ "$(jq -c .ips <<<"${results[p1]}")" = "$(jq -c .ips <<<"$result")" ]
	pod p2 socat -t 10 -u TCP4:192.0.2.2:9000 STDOUT \
		>"$BATS_TEST_TMPDIR/said" 2>&1 &
	wait_until 5 conntrack_has 9000
	del_list p1 "$LIST" "$(port 8081)"
	wait_until 10 grep -q late "$BATS_TEST_TMPDIR/said"
	del_list p2 "$LIST" "$(port 8082)"
}

conntrack_has() {
	node conntrack -L -p tcp --dport "$1" --state ESTABLISHED 2>/dev/null |
		grep -q .
}
