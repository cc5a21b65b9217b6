# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # from run, and who sources this
#
# Cases: the calls that step(1) has found, each with a fault, and how a test of them
# is told. Who sources this has T, title, case, tried, missed and text.

tests=0 failure=''

# Writes the cases of kind killed or failing in $T/calls to cases: the call's NAME,
# the how manieth it is, FAULT.
read_cases() {
	local n name changed faults fault
	cases=()
	while read -r name n changed faults; do
		for fault in $faults; do
			if [ "$fault" = kill ]; then
				[ "$1" = killed ] || continue
				[ "$MODE" = all ] || [ "$changed" = 1 ] ||
					continue
			elif [ "$1" = killed ]; then
				continue
			fi
			cases+=("$name $n $fault")
		done
	done <"$T/calls"
}

# Leaves CASES of them, spread evenly.
sample() {
	local every=$(((${#cases[@]} + CASES - 1) / CASES)) i taken=()
	[ "$MODE" = sample ] && [ "$every" != 0 ] || return 0
	for ((i = SEED % every; i < ${#cases[@]}; i += every)); do
		taken+=("${cases[$i]}")
	done
	cases=("${taken[@]}")
}

# The case at hand has failed, and why.
wrong() {
	failure+="$*"$'\n'
}

# Has it? If so, that is kept for the end of the test.
case_failed() {
	[ -z "${VERBOSE-}" ] || echo "# $title: $case: ${failure:-ok}"
	[ -n "$failure" ] || return 1
	text+="$case: $failure"
}

# A test without a case proves nothing, unless ONLY= wants none of it.
tell_test() {
	if [ "$tried" = "$missed" ]; then
		[ -z "${ONLY-}" ] || [ "$tried" != 0 ] || return 0
		text+="no fault was made"
	fi
	tests=$((tests + 1))
	echo "${text:+not }ok $tests - $title: $((tried - missed)) cases"
	[ "$missed" = 0 ] || echo "# $missed calls more were not made again"
	[ -z "$text" ] || echo "# ${text//$'\n'/$'\n'# }"
}
