#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A node changes over between the Go plugins and ours with its pods alive.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LIST=$(jq '.cniVersion = "0.4.0"' <<<"$DUAL_LIST")
PORT='{"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}'

setup() {
	[ -x "$REFERENCE"/bridge ] || skip "no Go plugins"
	node_up
}

# theirs CMD...: with the Go plugins, which call iptables and nft.
theirs() {
	PLUGINS=$REFERENCE PLUGIN_PATH=$PATH "$@"
}

# Chains and rules that iptables shows of pods.
pod_rules() {
	node sh -c 'iptables-save; ip6tables-save' 2>/dev/null |
		grep -cE 'CNI-[0-9a-f]{24}|CNI-DN-' || true
}

conf_of() {
	plugin_conf "$LIST" "$1" "${results[p1]:-null}" "{}"
}

@test "DEL of a pod that the Go plugins added, masquerade and ports too" {
	outside_up
	pod_up p1 p2
	theirs add_list p1 "$LIST" "$PORT"
	[ "$(pod_rules)" -gt 10 ]
	add_list p2 "$LIST"
	del_list p1 "$LIST"
	del_list p1 "$LIST"
	no_link p1 eth0
	[ "$(addresses p2 eth0 | head -n 1)" = 10.1.2.3/24 ]
	pings p2 192.0.2.2
	del_list p2 "$LIST"
	nothing_left
	[ "$(pod_rules)" = 0 ]
}

@test "the same with the namespace gone and no result" {
	pod_up p1
	theirs add_list p1 "$LIST" "$PORT"
	pod_down p1
	del p1 "$(plugin_conf "$LIST" 1 null "{}")"
	gone p1 "$(plugin_conf "$LIST" 0 null "{}")"
	[ "$(pod_rules)" = 0 ]
}

@test "what the Go plugins made for others stays" {
	local before
	pod_up p1 p2
	theirs add_list p2 "$LIST" "$PORT"
	before=$(node nft -a list ruleset | grep -v packets)
	theirs add_list p1 "$LIST"
	del_list p1 "$LIST"
	[ "$(node nft -a list ruleset | grep -v packets |
		grep -v "^table inet cnibox")" = "$before" ]
	theirs del_list p2 "$LIST" "$PORT"
	nothing_left
}

# The rules whose comments end so.
guards() {
	node nft list ruleset | grep -E "macspoofchk-$1"
}

@test "DEL of a pod whose MAC the Go bridge guards" {
	local conf others
	conf=$(with "$(conf_of 0)" '{"macspoofchk": true, "ipMasq": false}')
	pod_up p1 p2
	theirs add p1 "$conf"
	theirs add p2 "$conf"
	CNI_IFNAME=eth01 theirs add p1 "$conf"
	[ "$(guards 'p1-eth0"' | wc -l)" -gt 2 ]
	others=$(guards '(p2-eth0|p1-eth01)"')
	[ "$(wc -l <<<"$others")" -gt 4 ]
	del_twice p1 "$conf"
	[[ $(node nft list ruleset) != *p1-eth0[^1]* ]]
	[ "$(guards '(p2-eth0|p1-eth01)"')" = "$others" ]
	CNI_IFNAME=eth01 theirs del p1 "$conf"
	theirs del p2 "$conf"
	nothing_left
}

# The rules of v1.9 for masquerade and ports by nftables; its digests are in
# the comments: of "n", and of "eth0:c1".
v19_rules() {
	node nft -f - <<-'EOT'
		table inet cni_plugins_masquerade {
			chain masq_checks {
				ip saddr 10.1.2.5 ip daddr != 10.1.2.0/24 masquerade comment "917148ec47923f2e-f4d01f2ef4b92245, net: n, if: eth0, id: c1"
				ip saddr 10.1.2.6 ip daddr != 10.1.2.0/24 masquerade comment "917148ec47923f2e-0123456789abcdef, net: n, if: eth0, id: c2"
			}
			chain postrouting {
				type nat hook postrouting priority srcnat;
				ip daddr 224.0.0.0/4 return
				ip6 daddr ff00::/8 return
				goto masq_checks
			}
		}
		table ip cni_hostport {
			chain hostports {
				tcp dport 8080 dnat to 10.1.2.5:80 comment "c1"
				tcp dport 8081 dnat to 10.1.2.6:80 comment "c2"
				tcp dport 8082 dnat to 10.1.2.7:80 comment "c10"
			}
			chain hostip_hostports { }
			chain hostports_all {
				jump hostip_hostports
				jump hostports
			}
			chain prerouting {
				type nat hook prerouting priority dstnat;
				fib daddr type local jump hostports_all
			}
			chain masquerading {
				type nat hook postrouting priority srcnat;
				ip saddr 10.1.2.5 ip daddr 10.1.2.5 masquerade comment "c1"
				ip saddr 127.0.0.1 ip daddr 10.1.2.5 masquerade comment "c1"
				ip saddr 10.1.2.6 ip daddr 10.1.2.6 masquerade comment "c2"
				ip saddr 10.1.2.7 ip daddr 10.1.2.7 masquerade comment "c10"
			}
		}
	EOT
}

@test "DEL knows the rules of v1.9 by nftables" {
	local conf rules
	conf='{"cniVersion": "1.0.0", "name": "n", "ipMasq": true}'
	v19_rules
	CNI_CONTAINERID=c1 del_twice p1 "$(with "$conf" '{"type": "portmap"}')"
	rules=$(node nft list ruleset)
	[ "$(grep -c '"c1"' <<<"$rules")" = 0 ]
	[ "$(grep -c '"c2"' <<<"$rules")" = 2 ]
	[ "$(grep -c '"c10"' <<<"$rules")" = 2 ]
	CNI_CONTAINERID=c1 del_twice p1 "$(with "$conf" '{"type": "bridge"}')"
	rules=$(node nft list ruleset)
	[[ $rules != *"id: c1"* ]]
	[[ $rules == *"id: c2"* ]]
}

@test "the Go plugins DEL what of ours they know, GC the rest" {
	local conf
	conf=$(with "$(plugin_conf "$LIST" 0 null '{}')" \
		'{"cniVersion": "1.1.0"}')
	pod_up p1
	add_list p1 "$LIST" "$PORT"
	theirs del p1 "$(plugin_conf "$LIST" 1 "$result" "$PORT")"
	# Misses its chain of iptables first, and nothing the second time.
	theirs cni DEL bridge p1 "$(conf_of 0)"
	theirs del p1 "$(conf_of 0)"
	no_link p1 eth0
	[ -z "$(node find /var/lib/cni/networks -name '10.*')" ]
	[ "$(nat_elements | wc -l)" -gt 2 ]
	for type in portmap bridge; do
		CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC $type p1 \
			"$(jq --arg type $type '.type = $type
				| ."cni.dev/valid-attachments" = null' \
				<<<"$conf")"
		silent GC
	done
	nothing_left
}

ours() {
	"$@"
}

# Both at once, against one folder: no address twice.
take() {
	local i
	for i in {1..8}; do
		"${@:2}" add "$1.$i" "$(jq '.ipam + {"cniVersion": "0.4.0",
			"name": "net1", "type": "host-local", "ipam": .ipam}' \
			<<<"$(conf_of 0)")"
		jq -r '.ips[].address' <<<"$result"
	done >"$BATS_TEST_TMPDIR/took.$1"
}

@test "both at once never hand out an address twice, 16 at a time" {
	local i pids=()
	for i in {1..8}; do
		take "a$i" ours &
		pids+=($!)
		take "b$i" theirs &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(cat "$BATS_TEST_TMPDIR"/took.* | wc -l)" = 256 ]
	[ "$(sort "$BATS_TEST_TMPDIR"/took.* | uniq -d | wc -l)" = 0 ]
}

# As CRI-O does it when it starts: a pod that fails loses its address.
@test "CHECK of a pod that the Go plugins added asks for nothing of ours" {
	local list mac
	pod_up p1 p2
	theirs add_list p1 "$LIST" "$PORT"
	check_list p1 "$LIST" "$PORT"
	add_list p2 "$LIST"
	check_list p1 "$LIST" "$PORT"
	del_list p1 "$LIST"
	# But what is ours has to be there.
	node nft flush ruleset
	cni CHECK bridge p2 \
		"$(plugin_conf "$LIST" 0 "${results[p2]}" "{}")"
	failed_with "10.1.2.3 is not masqueraded"
	del_list p2 "$LIST"
	nothing_left
}

@test "CHECK of such a pod by macspoofchk, too" {
	local conf
	conf=$(jq -c '{cniVersion, name} + .plugins[0] + {macspoofchk: true}' \
		<<<"$LIST")
	pod_up p1
	theirs add p1 "$(with "$conf" '{"macspoofchk": false}')"
	check p1 "$conf"
	gone p1 "$conf"
}

# Of a pod that iptables knows nothing of, theirs may say so once, when all else
# is done.
theirs_del() {
	local conf
	for conf in "$(plugin_conf "$LIST" 1 "${results[$1]}" "$PORT")" \
		"$(plugin_conf "$LIST" 0 "${results[$1]}" "{}")"; do
		theirs cni DEL "$(type_of "$conf")" "$1" "$conf"
		theirs del "$1" "$conf"
	done
}

@test "the way back: sync removes what was ours of the pods that went since" {
	pod_up p1 p2
	add_list p1 "$LIST" "$PORT"
	add_list p2 "$LIST"
	theirs_del p1
	pod_down p1
	pings p2 10.1.2.1
	[ "$(nat_elements | grep -c p1)" -gt 0 ]
	run -0 node env -i "$CNIBOX" sync
	[ "$output" = "2 attachments, 0 restored, 1 gone" ]
	[ "$(nat_elements | grep -c p1)" = 0 ]
	check_list p2 "$LIST"
	pod_up p1
	theirs add_list p1 "$LIST" "$PORT"
	pings p1 10.1.2.1
	theirs del_list p1 "$LIST" "$PORT"
	theirs_del p2
	pod_down p2
	run -0 node env -i "$CNIBOX" sync
	[ "$output" = "1 attachments, 0 restored, 1 gone" ]
	run -0 node env -i "$CNIBOX" sync
	[ "$output" = "0 attachments, 0 restored, 0 gone" ]
	nothing_left
}

# ---- beside what they leave

@test "what the Go portmap left masquerades none of our clients" {
	outside_up
	pod_up p1 p2
	serve p2 80
	theirs add_list p1 "$LIST" "$PORT"
	add_list p2 "$LIST" "${PORT/8080/8081}"
	answers outside 192.0.2.1 8081 "p2 sees 192.0.2.2"
	theirs del_list p1 "$LIST" "$PORT"
	[[ $(node iptables-save -t nat) == *0x2000/0x2000*MASQUERADE* ]]
	answers outside 192.0.2.1 8081 "p2 sees 192.0.2.2"
	del_list p2 "$LIST"
	nothing_left
}

@test "DEL again leaves a Go pod alone that has the namespace's path by now" {
	local path=/run/netns/p1
	pod_up p1 p2
	add_list p1 "$LIST"
	results[own]=$result
	node umount $path
	node mount --bind /run/netns/p2 $path
	CNI_CONTAINERID=p2 theirs add p1 "$(with "$(conf_of 0)" \
		'{"name": "net2", "ipMasq": false}')"
	results[p2]=$result
	for _ in 1 2 3; do
		cni DEL bridge p1 "$(with_prev "$(conf_of 0)" \
			"$(jq -c . <<<"${results[own]}")")"
		succeeded DEL
	done
	link p1 eth0 >/dev/null
	CNI_CONTAINERID=p2 theirs del p1 "$(with "$(conf_of 0)" \
		'{"name": "net2", "ipMasq": false}')"
}
