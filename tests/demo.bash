# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what is set here, the demos read
#
# What the demos say, and what their hosts and pods can do. Who sources this has
# "at PLACE CMD..." run CMD on a host or in a pod.

# ---- a place for it

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# alone BINARY: goes on in namespaces that end with the script.
alone() {
	local tool
	[ -z "${CNIBOX_DEMO:-}" ] || return 0
	[ "$(id -u)" = 0 ] || die "must be root, to make namespaces"
	[ -x "$1" ] || die "no $1, make it first"
	for tool in ip nft ping socat; do
		command -v $tool >/dev/null ||
			die "no $tool: apt-get install" \
				"iproute2 nftables iputils-ping socat"
	done
	export CNIBOX_DEMO=inside
	exec unshare --net --mount --pid --fork --kill-child --mount-proc \
		"$0" "$1"
}

# ---- saying things

bold='' green='' red='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
claims=0 broken=0

stage() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

show() {
	local line
	while IFS= read -r line; do
		printf '    %s\n' "$line"
	done <<<"$1"
}

# claim TEXT CMD...: holds if CMD succeeds, and what it prints is the evidence.
claim() {
	local evidence mark="$green✓$plain"
	claims=$((claims + 1))
	if ! evidence=$("${@:2}" 2>&1); then
		broken=$((broken + 1))
		mark="$red✗$plain"
	fi
	printf '  %s %-57s %s\n' "$mark" "$1" "${evidence//$'\n'/ }"
}

# finish TEXT: the last line, if all claims hold.
finish() {
	echo
	[ $broken = 0 ] || die "$broken of $claims claims do not hold"
	echo "${0##*/}: $claims claims hold, $1"
}

# ---- what hosts and pods can do

reaches() {
	local said
	said=$(at "$1" ping -n -c 1 -W 60 "$2") || {
		echo "no answer from $2"
		return 1
	}
	[[ $said =~ time=([0-9.]+\ ms) ]] && echo "ping $2: ${BASH_REMATCH[1]}"
}

reaches_not() {
	local said
	if said=$(at "$1" ping -n -c 1 -W 0.5 "$2" 2>&1); then
		echo "$2 answers"
		return 1
	elif [[ $said == *[Uu]nreachable* ]]; then
		echo "ping $2: network is unreachable"
	else
		echo "ping $2: no answer"
	fi
}

# serve PLACE PORT: answers TCP clients with what it knows of them.
serve() {
	at "$1" socat TCP4-LISTEN:"$2",fork,reuseaddr \
		SYSTEM:"echo $1 sees \$SOCAT_PEERADDR" >/dev/null 2>&1 &
	until [ -n "$(at "$1" ss -Hltn "sport = :$2")" ]; do
		sleep 0.02
	done
}

ask() {
	at "$1" socat -t 60 -T 60 - "TCP4:$2:$3,connect-timeout=60" </dev/null
}

# hears PLACE ADDRESS PORT ANSWER
hears() {
	local said
	said=$(ask "$1" "$2" "$3" 2>&1) || said=${said##*: }
	echo "tcp $2:$3: \"$said\""
	[ "$said" = "$4" ]
}

hears_nothing() {
	local said
	if said=$(ask "$1" "$2" "$3" 2>&1); then
		echo "tcp $2:$3: \"$said\""
		return 1
	fi
	echo "tcp $2:$3: ${said##*: }"
	[[ $said == *refused* ]]
}

# ---- a runtime in miniature

# plugin VERB POD CONFIGURATION: on $host, without PATH, so no ip, nft or iptables.
host=node
plugin() {
	[[ $3 =~ \"type\":\"([a-z-]+)\" ]]
	at "$host" env -i PATH= CNI_COMMAND="$1" CNI_CONTAINERID="$2" \
		CNI_NETNS="/run/netns/$2" CNI_IFNAME=eth0 CNI_PATH=/run/bin \
		"/run/bin/${BASH_REMATCH[1]}" <<<"$3"
}

# ADD; the answer is in result, and must have this address.
result=
added() {
	[[ $result =~ \"address\":\ \"([0-9./]+)\" ]] || {
		echo "$result"
		return 1
	}
	echo "${BASH_REMATCH[1]}"
	[ "${BASH_REMATCH[1]}" = "$1" ]
}

# add POD ADDRESS CONFIGURATION
add() {
	result=$(plugin ADD "$1" "$3" 2>&1) || true
	claim "ADD gives $1 an address" added "$2"
}
