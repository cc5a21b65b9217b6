# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317 # shared
#
# The same input for Debian's containernetworking-plugins (1.1.1) and for
# cnibox, each on a node of its own. What they answer, and what the kernel and
# the disk hold after every step, is written down line by line; the two
# accounts must be the same but for what DIFFERENCES names.
#
#	same NAME CONF		plays STEPS with a plugin, or a list of them
#	rows CONF <<END		the same with each of many changes to CONF

load ../e2e/helpers

# ---- where the two differ on purpose

# A reason, and below it patterns of the lines it explains: "-" is what only
# the reference has, "+" what only cnibox has; then step, namespace, thing.
# Debian's 1.1.1 is older than the version cnibox follows (1.9.1); "newer"
# stands for what came between.
DIFFERENCES='
newer: reservations are readable by root alone
	^- [^ ]* disk f 644 
	^\+ [^ ]* disk f 600 
newer: veths get the transmit queue of the kernel
	^\+ [^ ]* (node|p[0-9]) link (veth-.*|eth0) txqlen 1000$
newer: addresses of IPv6 stay when the link goes down
	^- [^ ]* p[0-9] sysctl ipv6/conf/eth0/keep_addr_on_down 0$
	^\+ [^ ]* p[0-9] sysctl ipv6/conf/eth0/keep_addr_on_down 1$
codes are those of the specification
	^- [^ ]* code 999$
	^\+ [^ ]* code (4|6|7|11)$
addresses skip duplicate address detection one by one, not by a sysctl
	^- [^ ]* (node|p[0-9]) link (br0|eth0) 2001:[^ ]* [{].*"global","valid
	^\+ [^ ]* (node|p[0-9]) link (br0|eth0) 2001:[^ ]* [{].*"global","nodad":true,
	^- [^ ]* p[0-9] sysctl ipv6/conf/eth0/accept_dad 0$
	^\+ [^ ]* p[0-9] sysctl ipv6/conf/eth0/accept_dad 1$
a bridge needs no detection of duplicates for addresses of its own
	^- [^ ]* node sysctl ipv6/conf/(br0|cni0)/accept_dad 1$
	^\+ [^ ]* node sysctl ipv6/conf/(br0|cni0)/accept_dad 0$
veths have one queue, not one for each processor that nobody uses
	^- [^ ]* (node|p[0-9]) link (veth-.*|eth0) num_[rt]x_queues [0-9]+$
	^\+ [^ ]* (node|p[0-9]) link (veth-.*|eth0) num_[rt]x_queues 1$
the host end tells whose it is
	^\+ [^ ]* node link veth-[^ ]* ifalias [^ ]*/eth0/p[0-9]$
so does a bridge whose pods are announced
	^\+ [^ ]* node link (br0|cni0) ifalias MAC addresses are announced$
a port of a bridge needs no IPv6 address
	^- [^ ]* node link veth-[^ ]* fe80::MAC/64 
	^- [^ ]* node route [{]"type":"unicast","dst":"fe80::/64","dev":"veth-
a port of a bridge hears no router advertisements: accept_ra is left alone
	^- [^ ]* node sysctl ipv6/conf/veth-.*/accept_ra 0$
	^\+ [^ ]* node sysctl ipv6/conf/veth-.*/accept_ra 1$
'

# ---- both sides

setup_file() {
	plugins_up
	export BOX=$PLUGINS
}

# What a test may change: who is called for, when; the arguments of the
# runtime for p1; what is done with a node before, and asked after every step; what
# is an answer in the words of the other.
setup() {
	PODS="p1 p2"
	STEPS="ADD:p1 ADD:p2 CHECK:p1 DEL:p1 ADD:p1 DEL:p1 DEL:p2 DEL:p2"
	CAPS='{}'
	prepare() { :; }
	probe() { :; }
	reword() { cat; }
}

teardown() {
	:
}

# use ref|box: the plugins that are called from now on.
use() {
	case $1 in
	ref) PLUGINS=$REFERENCE PLUGIN_PATH=$PATH ;;
	box) PLUGINS=$BOX PLUGIN_PATH= ;;
	esac
}

# Duplicate address detection is done or not done, but takes no time.
quick_dad() {
	local ns
	for ns in node $PODS; do
		within "$ns" sysctl -qw net.ipv6.conf.default.dad_transmits=0 \
			net.ipv6.conf.default.router_solicitation_delay=0 \
			net.ipv6.conf.default.router_solicitations=0
	done
}

# ---- the account of a step

# Runs in a network namespace and prints all there is to know of it.
DUMP='
for value in ipv4/ip_forward ipv6/conf/all/forwarding \
	ipv4/conf/*/{arp_notify,route_localnet,rp_filter,proxy_arp} \
	ipv6/conf/*/{accept_ra,accept_dad,enhanced_dad} \
	ipv6/conf/*/{disable_ipv6,keep_addr_on_down}; do
	read -r line <$value && values+="\"$value\":\"$line\","
done
echo "{\"sysctl\": {${values%,}}, \"link\":"
ip -j -d address show
echo ", \"route\": ["
ip -j -d -4 route show table all
echo ,
ip -j -d -6 route show table all
echo "]}"'

kernel() {
	local ns
	for ns in node $PODS; do
		echo "\"$ns\""
		within "$ns" env -C /proc/sys/net bash -c "$DUMP"
	done
}

# Reads that. What changes by itself or by chance does not count, nor does the
# table of local routes, which follows from the addresses, nor the carrier of a
# bridge, which the kernel tells up to a second late. Lines begin with
#	W	wait, somebody has no carrier or address yet
#	N	a name for sed: a veth has its pod's, a MAC not asked for is MAC
#	A	the account
LOOK='
def plain: del(.addr_info, .ifindex, .link_index, .link_netnsid, .address,
	.permaddr, .linkinfo.info_data.mcast_startup_query_intvl)
	| if .linkinfo.info_kind == "bridge" then
		del(.operstate) | .flags -= ["NO-CARRIER", "LOWER_UP"]
	else . end
	| walk(if type == "object" then with_entries(select(.key
		| test("_timer$|^(bridge|root)_id$|^(no|id)$|^designated_port$")
		| not)) else . end);
def leaves: [paths(scalars) as $p | ($p | map(tostring) | join(".")) + " "
	+ (getpath($p) | tostring)][];
def local: if startswith("fe80::") then "fe80::MAC" else . end;
[inputs] as $all
| (reduce range(0; $all | length; 2) as $i ({};
	.[$all[$i]] = $all[$i + 1])) as $ns
| ($ns[].link[] | select(.linkinfo.info_kind == "veth" and .operstate != "UP"
		and (.flags | index("UP"))
		or any(.addr_info[]; .tentative)) | "W \(.)"),
($ns[].link[].address // empty | select(. != "00:00:00:00:00:00")
	| select(inside($given) | not) | "N s/\(.)/MAC/g"),
($ns | keys[] | select(. != "node") as $pod | $ns[$pod].link[]
	| select(.link_netnsid != null) as $port
	| $ns.node.link[] | select(.ifindex == $port.link_index)
	| "N s/\(.ifname)/veth-\($pod)-\($port.ifname)/g"),
($result.interfaces[]? as $it
	| $ns[$it.sandbox // "node" | sub("/run/netns/"; "")].link[]
	| select(.ifname == $it.name and .address != ($it.mac // .address))
	| "A false: \(.ifname) has not \($it.mac)"),
($ns | keys[] as $name | .[$name]
	| (.link[] | "link \(.ifname) " + ("address " + (.address // "none"),
		(.addr_info[] | "\(.local | local)/\(.prefixlen) "
			+ (del(.local, .prefixlen) | tojson)),
		(plain | leaves))),
	(.route[][] | select(.table != "local") | .flags -= ["linkdown"]
		| "route " + tojson),
	(.sysctl | to_entries[] | "sysctl \(.key) \(.value)")
	| "A \($name) \(.)")'

# The files of host-local: name, mode and content.
disk() {
	node bash -c 'cd /var/lib/cni 2>/dev/null || exit 0
		find . ! -path "*/.*/*" -printf "disk %y %m %P\n" | sort
		find . -mindepth 2 -type f ! -name ".*" -exec grep -H "" {} + |
			cat -A | sort | sed "s/^/disk: /"'
}

# The answer: an error in one line; that of the reference in the words of its
# newer version, in whose 1.x family the keys are in order and an empty dns is
# left out, and which knows 1.1.0.
answer() {
	if [ "$status" = 1 ]; then
		jq -r '"code \(.code)", "error \([.msg, .details // empty]
			| join("; "))"' <<<"$output"
	elif [[ $side$version == ref1.* && -n $output ]]; then
		jq -S --indent 4 --arg version "$version" '
			.cniVersion = $version
			| if .dns == {} then del(.dns) else . end' <<<"$output"
	elif [ -n "$output" ]; then
		printf '%s\n' "$output"
	fi | reword
}

# One call of the steps: verb, pod. Of a list, DEL is called in reverse order.
call() {
	local verb=$1 pod=$2 conf i n=${#confs[@]} at prev=null caps=$CAPS
	[ "$pod" = p1 ] || caps='{}'
	[ "$verb" = ADD ] || prev=${results[$pod]-null}
	for ((i = 0; i < n; i++)); do
		at=$i
		[ "$verb" != DEL ] || at=$((n - 1 - i))
		conf=${confs[at]}
		[ "$prev$caps" = 'null{}' ] ||
			conf=$(plugin_conf "$list" "$at" "$prev" "$caps")
		cni "$verb" "${types[at]}" "$pod" "$conf"
		[ "$status" = 0 ] || break
		[ "$verb" != ADD ] || prev=$output results[$pod]=$output
	done
}

# Waits until the node is settled; its kernel's account goes to the file seen.
look() {
	local tries=1000 dir=$BATS_TEST_TMPDIR result=null
	[[ $step$status != ADD*0 ]] || result=$output
	while kernel >"$dir/kernel"
		jq -rn --arg given "$list $CAPS ${CNI_ARGS-}" \
			--argjson result "$result" "$LOOK" "$dir/kernel" \
			>"$dir/look"
		grep -q '^W' "$dir/look" && ((tries--)); do
		sleep 0.02
	done
	sed -n 's/^N //p' "$dir/look" >>"$dir/names"
	sed -n 's/^A //p' "$dir/look" >"$dir/seen"
}

# play ref|box LIST: the account of all steps, on a fresh node.
play() {
	local side=$1 list=$2 step version confs types
	local BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR/$side
	local -A results=()
	mkdir -p "$BATS_TEST_TMPDIR"
	version=$(jq -r .cniVersion <<<"$list")
	[ "$side$version" != ref1.1.0 ] ||
		list=$(jq -c '.cniVersion = "1.0.0"' <<<"$list")
	mapfile -t confs < <(jq -c '{cniVersion, name} + .plugins[]' <<<"$list")
	mapfile -t types < <(jq -r '.plugins[].type' <<<"$list")
	use "$side"
	node_up
	# shellcheck disable=SC2086 # several words
	pod_up $PODS
	quick_dad
	prepare
	for step in $STEPS; do
		call "${step%:*}" "${step#*:}"
		look
		{
			echo "status $status"
			answer
			sed -f "$BATS_TEST_TMPDIR/names" \
				"$BATS_TEST_TMPDIR/seen" | sort
			disk
			probe
		} | sed -f "$BATS_TEST_TMPDIR/names" -e "s/^/ $step /"
	done >"$BATS_TEST_TMPDIR/account"
	node_down
}

# What the two accounts do not share must be explained, by DIFFERENCES or by
# EXPLAINED, the same for one row.
EXPLAINED=
same() {
	local list=$2 dir=$BATS_TEST_TMPDIR side pids=()
	jq -e .plugins <<<"$list" >/dev/null ||
		list=$(jq -c '{cniVersion, name,
			plugins: [del(.cniVersion, .name)]}' <<<"$list")
	rm -rf "$dir"/ref "$dir"/box
	for side in ref box; do
		play $side "$list" &
		pids+=($!)
	done
	wait "${pids[0]}"
	wait "${pids[1]}"
	[ -s "$dir/box/account" ]
	diff --old-line-format='-%L' --new-line-format='+%L' \
		--unchanged-line-format= "$dir"/{ref,box}/account >"$dir/diff" ||
		true
	grep -vEf <(sed -n 's/^\t//p' <<<"$DIFFERENCES$EXPLAINED") \
		"$dir/diff" >"$dir/unexplained" || return 0
	complain "$1: $2" "$(head -n 40 "$dir/unexplained")"
}

# Standard input has names and objects by turns, each of which changes CONF.
# In an object "$args" are CNI_ARGS, "$explained" are reasons for differences
# with patterns.
rows() {
	local name more conf failed=0
	while read -r name && read -r more; do
		EXPLAINED=$(jq -r '."$explained" // {} | to_entries[]
			| .key, (.value[] | "\t\(.)")' <<<"$more")
		CNI_ARGS=$(jq -r '."$args" // ""' <<<"$more")
		conf=$(jq -c --argjson more "$more" '. * $more
			| del(."$args", ."$explained")' <<<"$1")
		same "$name" "$conf" || failed=1
	done < <(jq -c .)
	EXPLAINED='' CNI_ARGS=''
	return $failed
}
