# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what is set here, the tests read
#
# Every test has a node of its own: fresh network, mount and process
# namespaces, with nothing on /run and /var/lib. Pods are network namespaces
# of the node. All of it is gone when the test ends, however it ends.
#
#	node CMD...		runs CMD on the node
#	pod NAME CMD...		runs CMD in the network namespace NAME
#	add POD CONF		runs ADD of CONF's plugin for POD, then
#				check, del, ... see below
#
# CNI_PLUGINS_UNDER_TEST names a folder of plugins to try in place of
# out/cnibox.

bats_require_minimum_version 1.5.0

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CNIBOX=${CNIBOX:-$TOP/out/cnibox}
REFERENCE=/usr/lib/cni
VERSIONS="0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0"

# Both families, a gateway, masquerading, and ports.
DUAL_LIST='{
	"cniVersion": "1.0.0", "name": "net1", "plugins": [
		{
			"type": "bridge", "bridge": "br0",
			"isGateway": true, "ipMasq": true,
			"ipam": {
				"type": "host-local",
				"ranges": [
					[{"subnet": "10.1.2.0/24"}],
					[{"subnet": "2001:db8:1::/64"}]
				],
				"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
			}
		},
		{"type": "portmap", "capabilities": {"portMappings": true}}
	]
}'

setup_file() {
	plugins_up
}

setup() {
	node_up
}

teardown() {
	local failed=0
	dumps_load || failed=1
	node_down
	return $failed
}

# Says why, and fails the test.
complain() {
	printf '%s\n' "$@"
	return 1
}

# ---- the node and its pods

# PLUGINS is the folder the plugins are called from. Ours get no PATH at all.
plugins_up() {
	export PLUGINS=${CNI_PLUGINS_UNDER_TEST:-$BATS_FILE_TMPDIR/bin}
	export PLUGIN_PATH=
	if [ -n "${CNI_PLUGINS_UNDER_TEST:-}" ]; then
		PLUGIN_PATH=$PATH
	else
		mkdir -p "$PLUGINS"
		"$CNIBOX" --install -s "$PLUGINS" >/dev/null
	fi
}

# build_own CONFIG [OPTION...]: in place of plugins_up, with a binary of that
# configuration and these options.
build_own() {
	local out=$BATS_FILE_TMPDIR/out make option applet
	make=(env -u MAKEFLAGS make -s -C "$TOP" O="$out"
		KCONFIG_CONFIG="$out/.config"
		DEPS_DIR="${DEPS_DIR:-out/deps}")
	mkdir -p "$out" "$BATS_FILE_TMPDIR/bin"
	"${make[@]}" "$1" 3>&-
	for option in "${@:2}"; do
		echo "CONFIG_$option=y" >>"$out/.config"
	done
	"${make[@]}" olddefconfig 3>&-
	"${make[@]}" all 3>&-
	export CNIBOX=$out/cnibox PLUGINS=$BATS_FILE_TMPDIR/bin PLUGIN_PATH=
	for applet in $("$CNIBOX" --list); do
		ln -s "$CNIBOX" "$PLUGINS/$applet"
	done
}

# The first process of the node keeps it alive and dies with this one; all
# others of the node die with the first.
node_up() {
	local ready
	exec {NODE_OUT}< <(exec setpriv --pdeathsig KILL unshare --net \
		--mount --pid --fork --kill-child --mount-proc bash -c '
			mount -t tmpfs run /run
			mount -t tmpfs lib /var/lib
			mount -t sysfs sysfs /sys
			mkdir /run/netns
			ip link set lo up
			echo 0 >/proc/sys/net/ipv4/ip_forward
			echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
			sysctl -eqw net.bridge.bridge-nf-call-{ip,ip6}tables=0
			echo ready
			exec sleep infinity' 3>&-)
	NODE_PARENT=$!
	read -r ready <&"$NODE_OUT"
	[ "$ready" = ready ]
	NODE=$(pgrep -P "$NODE_PARENT")
	ROOT=/proc/$NODE/root
}

node_down() {
	[ -z "${NODE_PARENT:-}" ] || kill -KILL "$NODE_PARENT" 2>/dev/null || true
}

node() {
	nsenter --target "$NODE" --net --mount --pid -- "$@" 3>&-
}

pod() {
	local net=$ROOT/run/netns/$1
	nsenter --target "$NODE" --net="$net" --mount --pid -- "${@:2}" 3>&-
}

# The same, where NAME may be "node".
within() {
	if [ "$1" = node ]; then
		node "${@:2}"
	else
		pod "$@"
	fi
}

pod_up() {
	local pod
	for pod; do
		node ip netns add "$pod"
	done
}

pod_down() {
	local pod
	for pod; do
		node ip netns del "$pod"
	done
}

# A host at 192.0.2.2 and 2001:db8:ffff::2 that has no routes; the node is
# 192.0.2.1 and 2001:db8:ffff::1 there.
outside_up() {
	local tries=20
	pod_up outside
	node ip link add uplink0 type veth peer name eth0 netns outside
	node ip address add 192.0.2.1/24 dev uplink0
	node ip address add 2001:db8:ffff::1/64 dev uplink0 nodad
	node ip link set uplink0 up
	pod outside ip address add 192.0.2.2/24 dev eth0
	pod outside ip address add 2001:db8:ffff::2/64 dev eth0 nodad
	pod outside ip link set eth0 up
	pod outside ip link set lo up
	# The kernel takes its time until it answers there, and gives up asking before
	# that when it is busy.
	until (pings node 2001:db8:ffff::2) 2>/dev/null; do
		((tries--)) || complain "node does not reach the outside"
	done
}

# Bridged packets pass through netfilter, as kube-proxy wants it.
bridge_netfilter_on() {
	[ -e "$ROOT/proc/sys/net/bridge" ] || skip "no br_netfilter"
	node sysctl -qw net.bridge.bridge-nf-call-{ip,ip6}tables=1
}

# What comes of something has this many seconds to come, on a machine that has
# much else to do. What nothing comes of has fewer.
PATIENCE=60

# Runs CMD until it succeeds, at most SECONDS; the busiest machine is twenty
# times as slow.
wait_until() {
	local deadline=$((SECONDS + 20 * $1))
	until "${@:2}"; do
		((SECONDS < deadline)) || complain "never true: ${*:2}"
		sleep 0.02
	done
}

# send_to_outside POD: sends from its port 4444 as soon as that works, and until it
# does no more.
send_to_outside() {
	pod "$1" timeout 300 python3 -c '
import socket, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("0.0.0.0", 4444))
sent = False
while True:
    try:
        out.sendto(b"x", ("192.0.2.2", 5555))
        sent = True
    except OSError:
        if sent:
            break
        time.sleep(0.001)
'
}

# Whom the answers to port 4444 of a pod are for.
senders() {
	node conntrack -L -p udp --orig-port-src 4444 2>/dev/null |
		sed 's/.*dst=\([^ ]*\) .*/\1/' | sort -u
}

sent_as() {
	[[ $(senders) == *"$1"* ]]
}

# process_in POD: starts a process there. Its number is in pid.
process_in() {
	node ip netns exec "$1" sleep 100 &
	wait_until 5 find_process_in "$1"
}

find_process_in() {
	pid=$(node ip netns pids "$1")
	[ -n "$pid" ]
}

# What is run by it stops where "-e inject=CALL:signal=STOP" has it.
STOPPING=(strace -f -o /run/stopping)

# Has it? Fills STOPPED, the process that a SIGCONT lets go on.
is_stopped() {
	STOPPED=$(node awk '/--- stopped by SIGSTOP/ { print $1 }' \
		/run/stopping 2>/dev/null)
	[ -n "$STOPPED" ]
}

# ---- calling plugins

# cni VERB PLUGIN POD CONF: one call, as a runtime makes it. The variables of
# the protocol can be given in front: CNI_IFNAME=eth1 cni ADD ...
# WRAPPER is a command to run the plugin under, PLUGIN_ENV has more variables
# for it. Fills status, output, stderr.
WRAPPER=() PLUGIN_ENV=()
cni() {
	local verb=$1 plugin=$2 pod=$3 conf=$4
	local to=$BATS_TEST_TMPDIR/$pod
	status=0
	node "${WRAPPER[@]}" env -i PATH="$PLUGIN_PATH" CNI_COMMAND="$verb" \
		CNI_CONTAINERID="${CNI_CONTAINERID-$pod}" \
		CNI_NETNS="${CNI_NETNS-/run/netns/$pod}" \
		CNI_IFNAME="${CNI_IFNAME-eth0}" CNI_ARGS="${CNI_ARGS-}" \
		CNI_PATH="${CNI_PATH-$PLUGINS}" "${PLUGIN_ENV[@]}" \
		"$PLUGINS/$plugin" \
		<<<"$conf" >"$to.out" 2>"$to.err" || status=$?
	output=$(<"$to.out")
	stderr=$(<"$to.err")
}

# The plugin that a configuration asks for.
type_of() {
	jq -r .type <<<"$1"
}

succeeded() {
	[ "$status" = 0 ] || complain "$1: status $status" "$output" "$stderr"
}

silent() {
	succeeded "$1"
	[ -z "$output" ] || complain "$1 printed: $output"
}

# The call printed one error document that has TEXT in its message or
# details. Fills code and msg.
failed_with() {
	[ "$status" = 1 ] || complain "status $status" "$output" "$stderr"
	jq -es 'length == 1 and (.[0] | (.code | type) == "number"
		and (.msg | type) == "string")' <<<"$output" >/dev/null ||
		complain "not an error document: $output" "$stderr"
	code=$(jq .code <<<"$output")
	msg=$(jq -r '[.msg, .details // empty] | join("; ")' <<<"$output")
	[[ $msg == *"$1"* ]] || complain "expected: $1" "message: $msg"
}

# add POD CONF: ADD succeeds. Its answer is in result, and is remembered.
declare -gA results # load is a function
add() {
	cni ADD "$(type_of "$2")" "$1" "$2"
	succeeded "ADD $1"
	result=$output
	results[$1]=$result
	jq -es 'length == 1' <<<"$result" >/dev/null ||
		complain "not one document: $result"
}

# add_fails POD CONF TEXT, and the same for the other verbs.
add_fails() {
	cni ADD "$(type_of "$2")" "$1" "$2"
	failed_with "$3"
}

del() {
	cni DEL "$(type_of "$2")" "$1" "$2"
	silent "DEL $1"
}

del_twice() {
	del "$@"
	del "$@"
}

# CHECK, with the result of the last ADD of POD as prevResult.
check() {
	cni CHECK "$(type_of "$2")" "$1" "$(with_prev "$2" "${results[$1]:-null}")"
	silent "CHECK $1"
	dumps_load
}

check_fails() {
	cni CHECK "$(type_of "$2")" "$1" \
		"$(with_prev "$2" "${results[$1]:-null}")"
	failed_with "$3"
}

# CONF with another member or two.
with() {
	jq -c --argjson more "$2" '. * $more' <<<"$1"
}

with_prev() {
	jq -c --argjson prev "$2" '.prevResult = $prev' <<<"$1"
}

# ---- a runtime in miniature: lists of plugins

# The configuration that plugin number I of LIST gets, given PREV (or null)
# and the capability arguments CAPS.
plugin_conf() {
	local list=$1 i=$2 prev=$3 caps=$4
	jq -c --argjson i "$i" --argjson prev "$prev" --argjson caps "$caps" '
		{cniVersion, name} + .plugins[$i]
		+ (if $prev then {prevResult: $prev} else {} end)
		| (.capabilities // {}) as $can
		| ($caps | with_entries(select($can[.key]))) as $mine
		| if $mine == {} then . else .runtimeConfig = $mine end' <<<"$list"
}

# add_list POD LIST [CAPS]: ADD of each in order, each with the result of the
# one before. Returns at the first that fails.
add_list() {
	local list=$2 caps=${3:-"{}"} conf i n
	result=null
	n=$(jq '.plugins | length' <<<"$list")
	for ((i = 0; i < n; i++)); do
		conf=$(plugin_conf "$list" "$i" "$result" "$caps")
		add "$1" "$conf"
	done
}

# del_list POD LIST [CAPS]: DEL of each in reverse order, with the last result.
del_list() {
	local list=$2 caps=${3:-"{}"} conf i
	i=$(jq '.plugins | length' <<<"$list")
	while ((i-- > 0)); do
		conf=$(plugin_conf "$list" "$i" "${results[$1]:-null}" "$caps")
		del "$1" "$conf"
	done
}

check_list() {
	local list=$2 caps=${3:-"{}"} conf i n
	n=$(jq '.plugins | length' <<<"$list")
	for ((i = 0; i < n; i++)); do
		conf=$(plugin_conf "$list" "$i" "${results[$1]}" "$caps")
		cni CHECK "$(type_of "$conf")" "$1" "$conf"
		silent "CHECK $1"
	done
	dumps_load
}

# noted LINE...: what a "cnibox nodes apply" has made true, for those that read it.
noted() {
	node mkdir -p /run/cni/cnibox
	printf '%s\n' "$@" | node tee /run/cni/cnibox/nodes >/dev/null
}

# Without a list of nodes again.
unnoted() {
	node rm /run/cni/cnibox/nodes
}

needs_nodes() {
	"$CNIBOX" --help | grep -q 'cnibox nodes' || skip "built without NODES"
}

# ---- expectations

# expect DOCUMENT FILTER: FILTER is true of the document.
expect() {
	jq -e "$2" <<<"$1" >/dev/null || complain "not so: $2" "$1"
}

# link NAME DEVICE: a link of the node or of a pod, as ip prints it.
link() {
	within "$1" ip -j -d address show dev "$2" | jq '.[0]'
}

no_link() {
	! within "$1" ip link show dev "$2" >/dev/null 2>&1 ||
		complain "$1 has a link $2"
}

# The global addresses of a link, one a line: addresses node br0.
addresses() {
	within "$1" ip -j address show dev "$2" scope global |
		jq -r '.[].addr_info[]? | select(.local)
			| "\(.local)/\(.prefixlen)"'
}

# Without elements that expire, which what is listed by nft -j still has for a tick of
# the kernel's clock.
STAYING='def staying: (arrays[0] // .) as $key
	| select($key | (objects.elem // {}) | has("timeout") | not);'

# A table as nft -j lists it, without what differs from one time to the other.
table_contents() {
	jq -S "$STAYING"'[.nftables[] | select(.metainfo | not) | walk(
		if type == "object" then del(.handle)
			| if .elem | type == "array"
				then .elem |= (map(staying) | sort) else . end
			| if .elem == [] then del(.elem) else . end
		else . end)]'
}

# What the nft tool lists of our tables it can load, and then lists again.
dumps_load() {
	local table before after dump=$BATS_TEST_TMPDIR/dump
	for table in "inet cnibox" "bridge cnibox" "inet cnibox-filter" \
		"bridge cnibox-filter"; do
		# shellcheck disable=SC2086 # two words
		node nft list table $table >"$dump" 2>/dev/null || continue
		# shellcheck disable=SC2086
		before=$(node nft -j list table $table | table_contents)
		# shellcheck disable=SC2086
		after=$(unshare --net sh -c 'nft -f "$1" &&
			nft -j list table "$2" "$3"' - "$dump" $table |
			table_contents)
		[ "$before" = "$after" ] || {
			echo "is not loaded as it was:"
			cat "$dump"
			return 1
		}
	done
}

# Elements of the maps and sets of our tables: "map key" a line.
nat_elements() {
	node nft -j list ruleset | jq -r "$STAYING"'
		.nftables[] | .map // .set // empty
		| select(.table | startswith("cnibox"))
		| .name as $name | .elem[]? | staying | "\($name) \(tojson)"'
}

# What plugins have made and not removed, one thing a line: links but for
# bridges, reservations, records and elements.
leftovers() {
	local net
	node ip -j -d link | jq -r '.[] | select(.ifname != "lo"
		and .ifname != "uplink0" and .linkinfo.info_kind != "bridge")
		| "link \(.ifname)"'
	for net in "$ROOT"/run/netns/*; do
		net=${net##*/}
		[ "$net" != '*' ] || continue
		[ "$net" != outside ] || continue
		pod "$net" ip -j link | jq -r --arg pod "$net" '
			.[] | select(.ifname != "lo") | "\($pod): link \(.ifname)"'
	done
	node find /run/cni /var/lib/cni -type f ! -name lock ! -name '.*' \
		! -name 'last_reserved_ip.*' 2>/dev/null
	nat_elements
}

# The kernel removes the links of a deleted namespace a little later, so this
# has patience.
nothing_left() {
	local left tries=500
	until left=$(leftovers) && [ -z "$left" ]; do
		((tries--)) || complain "left behind:" "$left"
		sleep 0.02
	done
}

# DEL twice, and nothing of the node or the pods remembers.
gone() {
	del_twice "$1" "$2"
	nothing_left
}

# ---- packets

# A packet that is lost is not sent again; but after three seconds, which are short on a
# busy machine, the kernel gives up to ask for a neighbour.
pings() {
	local said tries=5
	until said=$(within "$1" ping -n -c 1 -W "${3:-$PATIENCE}" "$2" 2>&1); do
		[[ $said == *nreachable* ]] && ((tries--)) || {
			complain "$1 does not reach $2: $said"
			return 1
		}
	done
}

cannot_ping() {
	! pings "$1" "$2" 0.3 >/dev/null || complain "$1 reaches $2"
}

# serve NAME PORT [udp|tcp]: answers there, to IPv4 and IPv6 clients, with
# the name of the pod and the address it sees the client by.
serve() {
	local proto=${3:-tcp} family listen how
	local say="read -r _; echo $1 sees \$SOCAT_PEERADDR"
	for family in 4 6; do
		case $proto in
		tcp) listen=TCP$family-LISTEN how=fork,reuseaddr ;;
		udp) listen=UDP$family-RECVFROM how=fork,shut-null ;;
		esac
		[ $family = 4 ] || how+=,ipv6only=1
		within "$1" socat "$listen:$2,$how" SYSTEM:"$say" \
			>/dev/null 2>&1 &
		wait_until 5 listening "$1" "$2" "$proto" $family
	done
}

listening() {
	[ -n "$(within "$1" ss -Hln"$4" "--$3" "sport = :$2")" ]
}

# ask NAME ADDRESS PORT [udp|tcp [SOCAT OPTIONS]]: prints the answer. An empty
# packet ends that of UDP.
ask() {
	local address=$2 proto=${4:-tcp} options=${5:-}
	[[ $address != *:* ]] || address="[$address]"
	case $proto in
	tcp) options=connect-timeout=$PATIENCE,$options ;;
	udp) options=null-eof,$options ;;
	esac
	within "$1" socat -t "$PATIENCE" -T "$PATIENCE" - \
		"${proto^^}:$address:$3,$options" <<<"who am I?"
}

# answers NAME ADDRESS PORT TEXT [...]: what ask prints is TEXT.
answers() {
	local said
	said=$(ask "$1" "$2" "$3" "${@:5}" 2>&1) || true
	[ "$said" = "$4" ] || complain "$1 asks $2 $3: $said" "expected: $4"
}

no_answer() {
	local said PATIENCE=1
	said=$(ask "$@" 2>/dev/null) || true
	[ -z "$said" ] || complain "$1 asks $2 $3: $said" "expected nothing"
}

# flows FROM ADDRESS TO RATE BURST: sends from one to the other, which is at
# ADDRESS, as fast as that token bucket lets it; RATE and BURST are bytes.
flows() {
	local sender tool=$TOP/tests/e2e/throughput.py
	within "$1" python3 "$tool" send "$2" 5001 &
	sender=$!
	within "$3" timeout 150 python3 "$tool" listen "$2" 5001 "$4" "$5"
	wait "$sender"
}
