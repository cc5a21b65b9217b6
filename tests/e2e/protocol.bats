#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What every plugin shares: names, variables, verbs, versions, errors.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash
load helpers

LO='{"cniVersion": "1.1.0", "name": "lo", "type": "loopback"}'
NET='{
	"cniVersion": "1.1.0", "name": "net1", "type": "bridge",
	"bridge": "br0", "isGateway": true, "ipMasq": true,
	"ipam": {"type": "host-local", "subnet": "10.1.2.0/24"}
}'
ALL='["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]'

# refused VERB CODE TEXT [CONF]: loopback fails so.
refused() {
	cni "$1" loopback p1 "${4:-$LO}"
	failed_with "$3"
	[ "$code" = "$2" ] || complain "code $code, not $2: $msg"
	expect "$output" '.cniVersion'
}

# ---- names

# What stands in the tree, one a line: applets FOLDER...
applets() {
	(cd "$TOP/applets" && for folder; do
		for file in "$folder"/*.c "$folder"/*/; do
			[ ! -e "$file" ] || basename "$file" .c
		done
	done) | LC_ALL=C sort
}

@test "--list names the plugins, one a line" {
	run -0 "$CNIBOX" --list
	[ "$output" = "$(applets main ipam meta)" ]
	[ "$("$CNIBOX" list)" = "$output" ]
}

@test "each command for people is in --help, has its own, and is no plugin" {
	local name help
	help=$("$CNIBOX" --help)
	for name in $(applets node); do
		run -0 --separate-stderr "$CNIBOX" "$name" --help
		[[ $output =~ ^\ {4}cnibox\ (--)?"$name"( |$) && -z $stderr ]]
		# What its own says behind an empty line are the details.
		[[ $help == *"${output%%$'\n\n'*}"* ]]
		[ "$("$CNIBOX" "--$name" --help)" = "$output" ]
		[ "$("$CNIBOX" help "$name")" = "$output" ]
		[ "$("$CNIBOX" --help "--$name")" = "$output" ]
		[ ! -e "$PLUGINS/$name" ]
		ln -s "$CNIBOX" "$BATS_TEST_TMPDIR/$name"
		CNI_COMMAND=ADD run -1 --separate-stderr \
			"$BATS_TEST_TMPDIR/$name"
		expect "$output" '.code == 999 and
			(.msg | startswith("'"$name"': no such plugin; "))'
	done
	# Nor is it one that a configuration can ask for.
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"type": "show"}}')" \
		'failed to find plugin "show" in path'
	nothing_left
}

@test "--version and --help say who it is" {
	run -0 "$CNIBOX" --version
	[[ $output =~ ^cnibox\ v[0-9.]+\+cnibox\.[0-9.]+$ ]]
	version=$output
	run -0 "$CNIBOX" --help
	[ "${lines[0]}" = "$version" ]
	[[ $output == *--install* ]]
	[ "$("$CNIBOX")" = "$output" ]
	for name in $("$CNIBOX" --list); do
		run -0 "$PLUGINS/$name" --help
		[ "${lines[0]}" = "CNI $name plugin ${version#cnibox }" ]
	done
	grep -q "[^.0-9]${version#cnibox v}[^.0-9]" "$TOP/README.md"
}

# The first word that is a version, as go-version reads them, of all that
# comes out. A prerelease is less than any version.
version_to_nomad() {
	local word
	for word in $(env -i "$@" 2>&1); do
		if [[ $word =~ ^v?([0-9]+(\.[0-9]+)*)(-[0-9A-Za-z~.-]+)?(\+[0-9A-Za-z~-]+(\.[0-9A-Za-z~-]+)*)?$ ]]; then
			[ -z "${BASH_REMATCH[3]}" ] || complain "prerelease: $word"
			echo "${BASH_REMATCH[1]}"
			return
		fi
	done
	complain "no version: $*"
}

# at_least VERSION LEAST
at_least() {
	printf '%s\n' "$2" "$1" | sort -CV || complain "$1 is older than $2"
}

# Nomad asks every file in the folder, and wants 0.4.0, and 1.3.0 to use CHECK.
# nerdctl wants firewall 1.7.1, on the line of stderr that begins so.
@test "who compares versions takes it for what it stands for" {
	local name version
	ln -s "$CNIBOX" "$BATS_TEST_TMPDIR/cnibox"
	for name in "$BATS_TEST_TMPDIR/cnibox" "$PLUGINS"/*; do
		version=$(version_to_nomad "$name")
		at_least "$version" 1.3.0
		[ "${name##*/}" != cnibox ] || continue
		run -0 --separate-stderr env -i "$name"
		[[ $stderr == "CNI ${name##*/} plugin v"* ]]
		version=${stderr_lines[0]##* v}
		[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+\+[0-9A-Za-z.-]+$ ]]
		at_least "${version%%+*}" 1.7.1
	done
}

@test "a word that is neither a plugin nor a command leads to both" {
	run -1 --separate-stderr env -i "$CNIBOX" nod
	[[ -z $output && $stderr == "cnibox: nod: no such plugin; built in: bandwidth "*"; commands: see cnibox --help" ]]
}

@test "called by the name of k3s' binary of all plugins it tells their version" {
	ln -s "$CNIBOX" "$BATS_TEST_TMPDIR/cni"
	run -0 --separate-stderr env -i "$BATS_TEST_TMPDIR/cni" </dev/full
	[ -z "$output" ]
	[[ $stderr =~ ^"CNI plugins plugin v"[1-9] ]]
	[ "$("$BATS_TEST_TMPDIR/cni" --list)" = "$("$CNIBOX" --list)" ]
	for name in cni cnibox; do
		ln -sf "$CNIBOX" "$BATS_TEST_TMPDIR/$name"
		CNI_COMMAND=DEL run -1 --separate-stderr "$BATS_TEST_TMPDIR/$name"
		expect "$output" '.code and (.msg | contains("no such plugin"))'
	done
}

@test "--help of an applet lists the keys of its configuration" {
	run -0 "$PLUGINS/bridge" --help
	[[ $output == *isDefaultGateway*ipam.type* ]]
	run -0 "$CNIBOX" bridge --help
	[[ $output == *isDefaultGateway* ]]
	[ "$("$CNIBOX" help bridge)" = "$output" ]
	run -1 --separate-stderr "$CNIBOX" help nod
	[[ -z $output && $stderr == "cnibox: nod: no such plugin; "* ]]
}

@test "an applet is called by the name of the file, or by the first word" {
	local calls
	calls=$BATS_TEST_TMPDIR/some-tool-bridge
	ln -s "$CNIBOX" "$calls"
	for call in "$PLUGINS/bridge" "$CNIBOX bridge" "$calls"; do
		CNI_COMMAND=VERSION run -0 --separate-stderr $call
		expect "$output" '.supportedVersions'
	done
}

@test "a name that is no applet is an error that names those that are" {
	ln -s "$CNIBOX" "$BATS_TEST_TMPDIR/nope"
	run -1 "$BATS_TEST_TMPDIR/nope"
	[[ $output == *nope*bridge* ]]
	run -1 "$CNIBOX" nope
	[[ $output == *nope*bridge* ]]
	CNI_COMMAND=ADD run -1 --separate-stderr "$BATS_TEST_TMPDIR/nope"
	expect "$output" '.code and (.msg | contains("nope"))'
}

@test "without CNI_COMMAND a plugin says what it is, and reads nothing" {
	for name in $("$CNIBOX" --list); do
		run -0 --separate-stderr env -i "$PLUGINS/$name" </dev/full
		[ -z "$output" ]
		[[ $stderr == "CNI $name plugin "* ]]
		[[ $stderr == *": "*"0.4.0, 1.0.0, 1.1.0" ]]
	done
}

# ---- variables

@test "missing variables are named, all at once" {
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" refused ADD 4 \
		"CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" refused CHECK 4 \
		"CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" refused DEL 4 \
		"CNI_CONTAINERID,CNI_IFNAME"
	CNI_NETNS="" refused ADD 4 "required env variables [CNI_NETNS"
}

@test "CNI_PATH is not needed where nothing is delegated" {
	pod_up p1
	CNI_PATH="" add p1 "$LO"
	CNI_PATH="" check p1 "$LO"
	CNI_PATH="" del_twice p1 "$LO"
	nothing_left
}

@test "a container id has letters, digits, dot, dash and underscore" {
	for id in "a b" -a .a a/b $'a\n' "ä"; do
		CNI_CONTAINERID=$id refused ADD 4 \
			"invalid characters in containerID"
	done
	pod_up p1
	for id in a A0_.-z "$(printf '%0200d' 1)"; do
		CNI_CONTAINERID=$id add p1 "$LO"
		CNI_CONTAINERID=$id del_twice p1 "$LO"
	done
	nothing_left
}

@test "an interface name is one the kernel takes" {
	CNI_IFNAME=a234567890123456 refused ADD 4 "interface name is too long"
	CNI_IFNAME=. refused ADD 4 "interface name is . or .."
	CNI_IFNAME=.. refused ADD 4 "interface name is . or .."
	for name in a/b a:b "a b" $'a\tb'; do
		CNI_IFNAME=$name refused ADD 4 \
			"interface name contains / or : or whitespace characters"
	done
	pod_up p1
	CNI_IFNAME=a23456789012345 add p1 "$NET"
	CNI_IFNAME=a23456789012345 del_twice p1 "$NET"
	nothing_left
}

@test "CNI_NETNS_OVERRIDE is 1 or true, and nothing else" {
	local value
	for value in 1 true TRUE; do
		PLUGIN_ENV=("CNI_NETNS_OVERRIDE=$value")
		CNI_NETNS=/proc/1/ns/net add p1 "$LO"
	done
	for value in "" 0 yes; do
		PLUGIN_ENV=("CNI_NETNS_OVERRIDE=$value")
		CNI_NETNS=/proc/1/ns/net refused ADD 8 "plugin's netns and netns from CNI_NETNS should not be the same"
		CNI_NETNS=/proc/1/ns/net del p1 "$LO"
		expect "$(link node lo)" '.flags | index("UP")'
	done
	PLUGIN_ENV=(CNI_NETNS_OVERRIDE=1)
	CNI_NETNS=/proc/1/ns/net del p1 "$LO"
	expect "$(link node lo)" '.flags | index("UP") | not'
}

@test "a container id may be longer than any name of the kernel's" {
	local id conf
	conf=$(with "$NET" '{"macspoofchk": true}')
	pod_up p1
	for id in 64 128 230; do
		id=$(printf "%0${id}d" 7)
		CNI_CONTAINERID=$id add p1 "$conf"
		CNI_CONTAINERID=$id check p1 "$conf"
		CNI_CONTAINERID=$id del_twice p1 "$conf"
		nothing_left
	done
}

@test "unknown words in CNI_ARGS are an error unless IgnoreUnknown" {
	pod_up p1
	CNI_ARGS="FOO=BAR" add_fails p1 "$NET" 'FOO=BAR'
	CNI_ARGS="IgnoreUnknown=0;FOO=BAR" add_fails p1 "$NET" 'FOO=BAR'
	CNI_ARGS="FOO" add_fails p1 "$NET" 'ARGS: invalid pair "FOO"'
	CNI_ARGS="A=b=c" add_fails p1 "$NET" 'ARGS: invalid pair "A=b=c"'
	CNI_ARGS="IgnoreUnknown=yes" add_fails p1 "$NET" IgnoreUnknown
	[ "$code" = 4 ]
	nothing_left
	for args in "FOO=BAR;IgnoreUnknown=1" "IgnoreUnknown=TRUE;FOO=BAR;" \
		"IP=10.1.2.9;MAC=02:00:00:00:00:09" \
		"K8S_POD_UID=b;K8S_POD_INFRA_CONTAINER_ID=c;IgnoreUnknown=1;K8S_POD_NAMESPACE=;K8S_POD_NAME=a"; do
		CNI_ARGS=$args add p1 "$NET"
		CNI_ARGS=$args del_twice p1 "$NET"
		nothing_left
	done
}

# ---- what comes on stdin

@test "what is not JSON is code 6" {
	for text in " " x '{"name": "a"} x' '{"name": "a",}' '{"name": 1}' '[]' \
		'{"name": "a"' '{"name": "a"}{"name": "a"}'; do
		refused ADD 6 "" "$text"
	done
}

@test "a network has a name, and a decent one" {
	refused ADD 7 "missing network name" '{"cniVersion": "1.0.0"}'
	refused ADD 7 "missing network name" '{"name": ""}'
	refused ADD 7 "invalid characters found in network name" \
		'{"name": "a/b"}'
}

@test "a wrong type is code 7, with the key, what is expected and what came" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"mtu": "big"}')" mtu
	[ "$code" = 7 ]
	[[ $msg == *big* ]]
	add_fails p1 "$(with "$NET" '{"isGateway": 1}')" isGateway
	[ "$code" = 7 ]
	add_fails p1 "$(with "$NET" '{"dns": {"nameservers": [5]}}')" \
		nameservers
	[ "$code" = 7 ]
	nothing_left
}

@test "null is absent, and the case of keys does not matter" {
	local conf
	conf=$(with "$NET" '{"mtu": null, "dns": null,
		"RuntimeConfig": {"Mac": "02:00:00:00:00:09"}}')
	pod_up p1
	add p1 "$conf"
	expect "$(link p1 eth0)" '.address == "02:00:00:00:00:09"'
	del_twice p1 "$conf"
	nothing_left
}

@test "text is escaped in answers" {
	pod_up p1
	add_fails p1 "$(with "$NET" '{"ipam": {"type": "a\"<\u2028\\\n"}}')" \
		'a"<'
	[[ $output == *'\"\u003c\u2028\\'* ]]
}

# ---- versions

@test "VERSION lists what the plugin speaks, whatever the rest says" {
	for name in $("$CNIBOX" --list); do
		for stdin in "" x '{"cniVersion": "1.0.0"}'; do
			CNI_NETNS=dummy CNI_IFNAME=dummy CNI_PATH=dummy \
				CNI_CONTAINERID="" \
				cni VERSION "$name" p1 "$stdin"
			succeeded VERSION
			# Some are younger than the oldest versions.
			expect "$output" ".supportedVersions as \$some | $ALL
				| .[-(\$some | length):] == \$some
				and (\$some | index(\"0.4.0\"))"
			expect "$output" .cniVersion
		done
	done
}

@test "an unknown version is code 1, and names those that are known" {
	for version in 2.0.0 1.0 0.9.0; do
		refused ADD 1 1.1.0 "$(with "$LO" "{\"cniVersion\": \"$version\"}")"
	done
}

@test "no version is 0.1.0" {
	pod_up p1
	add p1 "$(jq 'del(.cniVersion)' <<<"$LO")"
	expect "$result" '.cniVersion == "0.1.0" and .ip4.ip == "127.0.0.1/8"'
	del_twice p1 "$LO"
}

@test "CHECK exists since 0.4.0, GC and STATUS since 1.1.0" {
	for version in 0.1.0 0.2.0 0.3.0 0.3.1; do
		refused CHECK 1 "config version does not allow CHECK" \
			"$(with "$LO" "{\"cniVersion\": \"$version\"}")"
	done
	for version in 0.3.1 0.4.0 1.0.0; do
		refused GC 1 "config version does not allow GC" \
			"$(with "$LO" "{\"cniVersion\": \"$version\"}")"
		refused STATUS 1 "config version does not allow STATUS" \
			"$(with "$LO" "{\"cniVersion\": \"$version\"}")"
	done
}

@test "a version that is none is told apart from one that is unknown" {
	local verb version text
	while read -r verb code version text; do
		refused "$verb" "$code" "$text" \
			"$(with "$LO" "{\"cniVersion\": \"$version\"}")"
	done <<-'EOT'
		CHECK 1 0.9.0 incompatible CNI versions; config is "0.9.0", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]
		CHECK 1 0.4 incompatible CNI versions
		CHECK 1 2.0.0 plugin version does not allow CHECK
		STATUS 1 2.0.0 plugin version does not allow STATUS
		GC 1 2.0.0 plugin version does not allow GC
		CHECK 6 1.0.0.0 invalid version "1.0.0.0": too many parts
		CHECK 6 abc failed to convert major version part "abc"
		CHECK 6 1.x failed to convert minor version part "x"
	EOT
	refused ADD 6 "decoding version from network config" \
		'{"cniVersion": 5, "name": "lo"}'
}

# What flannel takes its network from.
flanneld_has_written() {
	node mkdir /run/flannel
	printf 'FLANNEL_%s\n' NETWORK=10.1.0.0/16 SUBNET=10.1.3.1/24 MTU=1500 \
		IPMASQ=true >"$ROOT/run/flannel/subnet.env"
}

# Of each plugin: what all share they share, whatever else they have.
@test "every plugin refuses what makes no sense, with the same code and words" {
	local name conf
	pod_up p1
	for name in $("$CNIBOX" --list); do
		conf=$(with "$NET" "{\"type\": \"$name\"}")
		cni ADD "$name" p1 '{"name": "a",}'
		failed_with ""
		[ "$code" = 6 ] || complain "$name: $code $msg"
		cni ADD "$name" p1 "$(jq 'del(.name)' <<<"$conf")"
		failed_with "missing network name"
		[ "$code" = 7 ] || complain "$name: $code $msg"
		cni ADD "$name" p1 "$(with "$conf" '{"cniVersion": "2.0.0"}')"
		failed_with 'incompatible CNI versions; config is "2.0.0"'
		[ "$code" = 1 ] || complain "$name: $code $msg"
		cni FOO "$name" p1 "$conf"
		failed_with "unknown CNI_COMMAND: FOO"
		[ "$code" = 4 ] || complain "$name: $code $msg"
		CNI_CONTAINERID="" CNI_IFNAME="" cni DEL "$name" p1 "$conf"
		failed_with "CNI_CONTAINERID,CNI_IFNAME"
		[ "$code" = 4 ] || complain "$name: $code $msg"
	done
	nothing_left
}

@test "every plugin's ADD alone is a result or an error, in each version, and DEL leaves nothing" {
	local name version conf
	flanneld_has_written
	pod_up p1
	for name in $("$CNIBOX" --list); do
		for version in $(supported "$name"); do
			conf=$(jq --arg name "$name" --arg version "$version" \
				'.type = $name | .cniVersion = $version' \
				<<<"$NET")
			cni ADD "$name" p1 "$conf"
			case $status in
			0) expect "$output" '(has("code") | not) and
				.cniVersion == "'"$version"'"' ;;
			*) failed_with "" ;;
			esac
			del_twice p1 "$conf"
			nothing_left
		done
	done
}

supported() {
	CNI_COMMAND=VERSION "$PLUGINS/$1" <<<'{}' | jq -r '.supportedVersions[]'
}

# As containerd calls it again for a sandbox that is gone.
@test "every plugin's DEL is a success without namespace, prevResult, or ADD" {
	local name conf
	for name in $("$CNIBOX" --list); do
		conf=$(with "$NET" "{\"type\": \"$name\"}")
		CNI_NETNS="" del_twice p1 "$conf"
		CNI_NETNS=/run/netns/nope del_twice p1 "$conf"
		nothing_left
	done
}

# What libcni sends: no container, and nobody valid.
@test "GC and STATUS need no container, of any plugin" {
	local name conf
	flanneld_has_written
	for name in $("$CNIBOX" --list); do
		conf=$(jq --arg name "$name" '.type = $name |
			."cni.dev/valid-attachments" = null |
			."cni.dev/attachments" = null' <<<"$NET")
		for verb in GC STATUS; do
			CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" \
				cni $verb "$name" p1 "$conf"
			silent "$verb of $name"
		done
		no_link node br0
		nothing_left
	done
}

# GCNetworkList() of libcni with no arguments.
@test "GC without a list removes nothing, and tells the ipam plugin" {
	local name conf
	conf=$(with "$NET" '{"ipMasq": true, "macspoofchk": true}')
	pod_up p1
	add p1 "$conf"
	for name in $("$CNIBOX" --list); do
		CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC "$name" \
			p1 "$(with "$conf" "{\"type\": \"$name\"}")"
		silent "GC of $name"
	done
	check p1 "$conf"
	node mkdir /run/plugins
	printf '#!/bin/sh\necho "$CNI_COMMAND" >/run/asked\n' |
		node tee /run/plugins/foreign >/dev/null
	node chmod +x /run/plugins/foreign
	CNI_PATH=/run/plugins cni GC bridge p1 \
		"$(with "$conf" '{"ipam": {"type": "foreign"}}')"
	silent GC
	[ "$(node cat /run/asked)" = GC ]
	del p1 "$conf"
	nothing_left
}

@test "GC takes the list by the name of older specifications, too" {
	pod_up p1 p2
	add p1 "$NET"
	add p2 "$NET"
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC bridge p1 \
		"$(with "$NET" '{"cni.dev/attachments": [
			{"containerID": "p2", "ifname": "eth0"}]}')"
	silent GC
	no_link p1 eth0
	check p2 "$NET"
	# What one of two lists has is valid.
	CNI_CONTAINERID="" CNI_NETNS="" CNI_IFNAME="" cni GC bridge p1 \
		"$(with "$NET" '{"cni.dev/attachments": [
			{"containerID": "p2", "ifname": "eth0"}]}' |
			jq '."cni.dev/valid-attachments" = null')"
	silent GC
	check p2 "$NET"
	del p2 "$NET"
	nothing_left
}

@test "an unknown verb is code 4" {
	refused FOO 4 "unknown CNI_COMMAND: FOO"
	refused add 4 "unknown CNI_COMMAND: add"
	refused FOO 6 "error unmarshall network config" " "
	refused FOO 7 "missing network name" '{}'
}

# ---- answers

@test "an answer that cannot be written is an error, and nothing stays" {
	pod_up p1
	status=0
	node env -i PATH= CNI_COMMAND=ADD CNI_CONTAINERID=p1 \
		CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" \
		"$PLUGINS/bridge" <<<"$NET" >/dev/full 2>/dev/null || status=$?
	[ "$status" != 0 ]
	nothing_left
	add p1 "$NET"
	del_twice p1 "$NET"
	nothing_left
}

@test "an answer to a closed pipe is an error, and nothing stays" {
	pod_up p1
	node bash -c 'exec > >(exec >&- ; exec </dev/null); wait $!
		env -i CNI_COMMAND=ADD CNI_CONTAINERID=p1 CNI_IFNAME=eth0 \
		CNI_NETNS=/run/netns/p1 CNI_PATH="$1" "$1/bridge"' \
		bash "$PLUGINS" <<<"$NET" && complain "no error"
	nothing_left
}

# ---- traces

@test "CNIBOX_TRACE=1 tells where the time went, and changes no answer" {
	pod_up p1
	PLUGIN_ENV=(CNIBOX_TRACE=0)
	add p1 "$NET"
	[ -z "$stderr" ] || complain "traced: $stderr"
	del p1 "$NET"
	PLUGIN_ENV=(CNIBOX_TRACE=1)
	add p1 "$NET"
	expect "$result" '.ips[0].address == "10.1.2.3/24"'
	for step in "netlink: create veth " "/net1/10.1.2.3" "lock " \
		"note in the record of net1/eth0/p1: nat masquerade "; do
		[[ $stderr == *"$step"* ]] || complain "no $step: $stderr"
	done
	# Every line is a step but the last, which is their sum.
	awk '
		$1 != "cnibox:" || $2 !~ /^[0-9]+\.[0-9]$/ || $3 != "us" {
			exit 1
		}
		/  in all$/ { all = $2; next }
		{ sum += $2; steps++ }
		END { exit !(steps > 10 && all - sum < 2 && sum - all < 2) }
	' <<<"$stderr" || complain "steps: $stderr"
	del_twice p1 "$NET"
	[[ $stderr == *"netlink: delete veth"* ]]
	nothing_left
}
