# SPDX-License-Identifier: GPL-2.0-or-later
#
# README's tables of "Size and speed", from what summary.awk has made. lists has the
# lists by number, with commas.

BEGIN {
	FS = "\t"
	split("floor cnibox reference", who, " ")
}

{
	median[$1, $2, $3, $4, $5] = $8
	median[$1, $2, $3, $4, $5 " p99"] = $9
	if ($2 + 0 > most[$1, $3])
		most[$1, $3] = $2 + 0
}

END {
	print "| | floor | cnibox | Go plugins |\n|---|---|---|---|"
	row("ADD, gateway and masquerade", "masq", "0 0 0", "ADD", "wall")
	row("DEL of it", "masq", "0 0 0", "DEL", "wall")
	row("ADD, and four published ports", "ports", "0 0 0", "ADD", "wall")
	row("host-local ADD, 10 reservations", "host-local", "- 10 10", "ADD", "wall")
	row("host-local ADD, 10,000 reservations", "host-local", "- 10000 10000", "ADD", "wall")
	row("ADD beside 10 other pods' NAT", "nat", "- 10 10", "ADD", "wall")
	if (most["nat", "reference"] > 10)
		row("ADD beside 10,000 other pods' NAT (Go plugins: " \
			commas(most["nat", "reference"]) ")", "nat", \
			"- 10000 " most["nat", "reference"], "ADD", "wall")
	row("ADD of nerdctl's list: bridge, portmap, firewall, tuning", "lists", "- 4 4", \
		"ADD", "wall")
	row("DEL of nerdctl's list", "lists", "- 4 4", "DEL", "wall")
	row("ADD of the list beside 10 other pods", "beside", "- 10 10", "ADD", "wall")
	if (most["beside", "reference"] > 10)
		row("ADD of the list beside 10,000 other pods (Go plugins: " \
			commas(most["beside", "reference"]) ")", "beside", \
			"- 10000 " most["beside", "reference"], "ADD", "wall")
	row("ADD beside 500 pods that are there", "pods", "500 500 500", "ADD", "wall")
	row("100 ADDs, 16 at a time", "burst", "100 100 100", "ADD", "wall")
	row("100 DELs, 16 at a time", "burst", "100 100 100", "DEL", "wall")
	row("250 DELs, 64 at a time", "drain", "250 250 250", "DEL", "wall")
	row("99 of 100 of these DELs end within", "drain", "250 250 250", "DEL", "each p99")
	row("100 DELs of portmap alone, 16 at a time", "publish", "- 16 16", "DEL", "wall")
	row("GC of 100 dead attachments", "gc", "100 100 -", "GC", "wall")
	row("GC of 1,000 dead attachments", "gc", "1000 1000 -", "GC", "wall")
	row("containerd runs a pod's sandbox", "containerd", "- 1 1", "Run", "wall")
	row("containerd stops it", "containerd", "- 1 1", "Stop", "wall")
	row("containerd runs 30 at once", "containerd", "- 30 30", "Run", "wall")
	row("containerd stops 30 at once", "containerd", "- 30 30", "Stop", "wall")
	row("new connections a second to a published port, among 10,000", "packets", \
		"- 10000 10000", "in", "rate")
	row("new connections a second through `firewall`, among 10", "forwarding", \
		"- 10 10", "in", "rate")
	row("new connections a second through `firewall`, among 10,000", "forwarding", \
		"- 10000 -", "in", "rate")
	row("`cnibox nodes apply` of 5,000 nodes", "apply", "- 5000 -", "first", "wall")
	row("the same, with nothing to do", "apply", "- 5000 -", "again", "wall")
	row("the same, when a node has joined", "apply", "- 5000 -", "joined", "wall")
	row("memory of an ADD at most", "masq", "0 0 0", "ADD", "rss")
	row("processes of an ADD", "masq", "0 0 0", "ADD", "processes")
	row("system calls of an ADD", "masq", "0 0 0", "ADD", "syscalls")
	steps()
}

# A table of its own: what each plugin of a list adds.
function steps(   name, i, rest) {
	if (!(("lists", 1, "cnibox", "ADD", "wall") in median))
		return
	print "\n| ADD of | cnibox | system calls | Go plugins | system calls |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= split(lists, name, ","); i++) {
		rest = name[i]
		if (i > 1 && index(rest, name[i - 1] " ") == 1)
			rest = substr(rest, length(name[i - 1]) + 2)
		print "| " (rest == name[i] ? "" : "... and ") "`" rest "` |" \
			added(i, "cnibox") added(i, "reference")
	}
}

function added(i, contestant,   key) {
	key = "lists" SUBSEP i SUBSEP contestant SUBSEP "ADD" SUBSEP
	if (!((key "wall") in median))
		return " | |"
	return " " cell(median[key "wall"], "wall") " | " \
		cell(median[key "syscalls"]) " |"
}

# counts: of entries, for each of who; "-" for an empty cell. No row for what
# was not measured.
function row(title, part, counts, label, measure,   n, i, key, cells) {
	split(counts, n, " ")
	for (i = 1; i <= 3; i++) {
		key = part SUBSEP n[i] SUBSEP who[i] SUBSEP label SUBSEP measure
		cells = cells (key in median ? " " cell(median[key], measure) : "") " |"
	}
	if (cells != " | | |")
		print "| " title " |" cells
}

function cell(value, measure,   step) {
	if (measure ~ /^(wall|each)/)
		return significant(value / 1000) " ms"
	if (measure == "rate") {
		step = value < 10000 ? 10 : 100
		return commas(step * sprintf("%d", value / step))
	}
	return commas(sprintf("%d", value)) (measure == "rss" ? " KiB" : "")
}

# Two digits, or all before the point.
function significant(value) {
	return value < 0.995 ? sprintf("%.2f", value) : \
		value < 9.95 ? sprintf("%.1f", value) : commas(sprintf("%d", value + 0.5))
}

function commas(number) {
	return length(number) > 3 ? commas(substr(number, 1, length(number) - 3)) "," \
		substr(number, length(number) - 2) : number
}
