# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tables, from what summary.awk has made. lists has the lists by number, with
# commas.

BEGIN {
	FS = "\t"
	NERDCTL = 4 # the list that nerdctl makes
	split("floor true cnibox reference peer", order, " ")
	split("plain masq ports dual", configs, " ")
	split("ADD DEL", verbs, " ")
}

{
	median[$1, $2, $3, $4, $5] = $8
	p99[$1, $2, $3, $4, $5] = $9
	middle[$1, $2, $3, $4, $5] = $11 # of which what is compared does not jump
	if (!(($1, $2) in seen)) {
		seen[$1, $2] = 1
		counts[$1] = counts[$1] " " $2
	}
	if ($1 == "size" && $3 == "cnibox")
		binaries = binaries " " $4
}

END {
	if (("masq" in counts) || ("version" in counts))
		costs()
	alone()
	by_count("host-local", "host-local alone, with so many reservations", "wall", 1000, "ms")
	by_count("nat", "masquerading, with the NAT of so many other pods", "wall", 1000, "ms")
	by_count("pods", "masquerading, beside so many pods that are there", "wall", 1000, "ms")
	by_count("packets", "new connections, with the NAT of so many pods", "rate", 1000, \
		"thousands a second")
	by_count("subnets", "new connections, with so many subnets of one pod", "rate", 1000, \
		"thousands a second")
	by_count("listed", "new connections, with so many nodes listed", "rate", 1000, \
		"thousands a second")
	by_count("apply", "nodes apply, of so many nodes", "wall", 1000, "ms")
	by_count("apply", "the same, of the processor", "cpu", 1000, "ms")
	messages()
	thousand()
	chains()
	by_count("beside", "nerdctl's list, beside what so many other pods have", "wall", 1000, "ms")
	by_count("forwarding", "new connections through firewall, with so many pods", "rate", \
		1000, "thousands a second")
	many("burst", "16")
	many("drain", "64")
	publish()
	gc()
	containerd()
	durable()
	sizes()
	goals()
}

function get(part, n, who, label, measure) {
	return median[part, n, who, label, measure]
}

function has(part, n, who, label, measure) {
	return (part, n, who, label, measure) in median
}

# A over B, or a dash.
function ratio(a, b) {
	return a == "" || !(b > 0) ? "-" : sprintf("%.2f", a / b)
}

# ---- tables

function cost_row(part, verb, name,   i, who, title) {
	title = sprintf("%-10s %-8s", name, verb)
	for (i = 1; i in order; i++) {
		who = order[i]
		if (!has(part, 0, who, verb, "wall"))
			continue
		printf "%-19s %-10s %8.2f %8.2f %7d %8d %8d %5d %9s\n", title, who, \
			get(part, 0, who, verb, "wall") / 1000, \
			get(part, 0, who, verb, "cpu") / 1000, \
			get(part, 0, who, verb, "faults"), \
			get(part, 0, who, verb, "rss"), \
			get(part, 0, who, verb, "syscalls"), \
			get(part, 0, who, verb, "processes"), \
			ratio(get(part, 0, who, verb, "wall"), \
				get(part, 0, "cnibox", verb, "wall"))
		title = ""
	}
}

function costs(   i, j) {
	printf "\n%-30s %8s %8s %7s %8s %8s %5s %9s\n", "", \
		"wall ms", "CPU ms", "faults", "RSS KiB", "syscalls", \
		"procs", "x cnibox"
	for (i = 1; i in configs; i++)
		for (j = 1; j in verbs; j++)
			cost_row(configs[i], verbs[j], configs[i])
	cost_row("version", "VERSION", "")
}

function by_count(part, title, measure, unit, name,   n, i, j, k, label, list) {
	n = split(counts[part], list, " ")
	if (!n)
		return
	sort_numbers(list, n)
	printf "\n%s (%s)\n%-19s", title, name, ""
	for (i = 1; i <= n; i++)
		printf " %8d", list[i]
	print ""
	split(part == "listed" ? "out node" : part == "apply" ? "first again joined" : \
		measure == "rate" ? "out in" : "ADD DEL", label, " ")
	for (j = 1; j in label; j++)
		for (k = 1; k in order; k++)
			count_row(part, label[j], order[k], measure, unit, list, n)
}

function count_row(part, label, who, measure, unit, list, n,   i, row, any) {
	row = sprintf("%-8s %-10s", label, who)
	for (i = 1; i <= n; i++) {
		any = any || has(part, list[i], who, label, measure)
		row = row sprintf(" %8s", has(part, list[i], who, label, measure) ? \
			sprintf("%.2f", get(part, list[i], who, label, measure) / unit) : "-")
	}
	if (any)
		print row
}

function sort_numbers(list, n,   i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] + 0 > list[j] + 0; j--) {
			t = list[j]
			list[j] = list[j - 1]
			list[j - 1] = t
		}
}

function alone(   j) {
	if (!("alone" in counts))
		return
	printf "\n%-19s %10s %10s %18s\n", "one, ms", "floor", "bridge", "bridge, portmap"
	for (j = 1; j in verbs; j++)
		printf "%-19s %10.2f %10.2f %18.2f\n", verbs[j], \
			get("alone", 0, "floor", verbs[j], "wall") / 1000, \
			get("alone", 0, "cnibox", verbs[j], "wall") / 1000, \
			get("alone", 1, "cnibox", verbs[j], "wall") / 1000
}

# The most entries of a part.
function most(part,   n, i, list, max) {
	n = split(counts[part], list, " ")
	for (i = 1; i <= n; i++)
		max = list[i] + 0 > max ? list[i] + 0 : max
	return max
}

function many(part, at_once,   n, j, k, who, verb) {
	n = most(part)
	if (!n)
		return
	printf "\n%-19s %8s %8s %8s %8s %10s\n", n ", " at_once " at a time", \
		"all ms", "per sec", "50% ms", "99% ms", "memory KiB"
	for (j = 1; j in verbs; j++)
		for (k = 1; k in order; k++) {
			who = order[k]
			verb = verbs[j]
			if (!has(part, n, who, verb, "wall"))
				continue
			printf "%-8s %-10s %8.0f %8.0f %8.1f %8.1f %10s\n", verb, who, \
				get(part, n, who, verb, "wall") / 1000, \
				1e6 * n / get(part, n, who, verb, "wall"), \
				get(part, n, who, verb, "each") / 1000, \
				p99[part, n, who, verb, "each"] / 1000, \
				has(part, n, who, verb, "memory") ? \
				get(part, n, who, verb, "memory") : "-"
		}
}

# So many a second, of 100.
function publish_rate(at_once, who, verb) {
	if (has("publish", at_once, who, verb, "wall"))
		return sprintf("%.0f", 1e8 / get("publish", at_once, who, verb, "wall"))
}

function publish(   j, k) {
	if (!("publish" in counts))
		return
	printf "\n%-19s %10s %10s %8s\n", "portmap, a second", "one by one", "16 at once", "ratio"
	for (j = 1; j in verbs; j++)
		for (k = 1; k in order; k++)
			if (has("publish", 16, order[k], verbs[j], "wall"))
				printf "%-8s %-10s %10s %10s %8s\n", verbs[j], order[k], \
					publish_rate(1, order[k], verbs[j]), \
					publish_rate(16, order[k], verbs[j]), \
					ratio(publish_rate(16, order[k], verbs[j]), \
						publish_rate(1, order[k], verbs[j]))
}

function gc(   n, i, k, list) {
	n = split(counts["gc"], list, " ")
	if (!n)
		return
	sort_numbers(list, n)
	printf "\n%-19s %10s %10s\n", "dead pods, ms", "one DEL", "GC of all"
	for (i = 1; i <= n; i++)
		for (k = 1; k in order; k++)
			if (has("gc", list[i], order[k], "GC", "wall"))
				printf "%-8d %-10s %10.1f %10.1f\n", list[i], order[k], \
					get("gc", list[i], order[k], "DEL", "wall") / 1000, \
					get("gc", list[i], order[k], "GC", "wall") / 1000
}

function containerd(   n, i, k, list) {
	n = split(counts["containerd"], list, " ")
	if (!n)
		return
	sort_numbers(list, n)
	printf "\n%-30s %8s %8s\n", "containerd, sandboxes", "run ms", "stop ms"
	for (i = 1; i <= n; i++)
		for (k = 1; k in order; k++)
			if (has("containerd", list[i], order[k], "Run", "wall"))
				printf "%-19s %-10s %8.0f %8.0f\n", list[i] " at once", order[k], \
					get("containerd", list[i], order[k], "Run", "wall") / 1000, \
					get("containerd", list[i], order[k], "Stop", "wall") / 1000
}

function messages(   n, i, j, list, label) {
	n = split(counts["apply"], list, " ")
	split("first again joined", label, " ")
	for (i = 1; i <= n; i++)
		for (j = 1; j in label; j++)
			printf "%s apply of %d nodes: %d netlink messages, %d of them changes\n", \
				label[j], list[i], \
				get("apply", list[i], "cnibox", label[j], "messages"), \
				get("apply", list[i], "cnibox", label[j], "changes")
}

function thousand(   j) {
	for (j = 1; j in verbs; j++)
		if (has("thousand", 6, "cnibox", verbs[j], "wall"))
			printf "%s%s of 1,000 ports, ms: TCP %.1f, UDP %.1f\n", \
				j == 1 ? "\n" : "", verbs[j], \
				get("thousand", 6, "cnibox", verbs[j], "wall") / 1000, \
				get("thousand", 17, "cnibox", verbs[j], "wall") / 1000
}

# What a list costs, for each of its beginnings.
function chains(   n, name, i, k, who, row) {
	if (!("lists" in counts))
		return
	n = split(lists, name, ",")
	printf "\n%-40s %-10s %8s %8s %8s %5s\n", "lists, no other pod there", "", \
		"ADD ms", "DEL ms", "syscalls", "procs"
	for (i = 1; i <= n; i++)
		for (k = 1; k in order; k++) {
			who = order[k]
			if (!has("lists", i, who, "ADD", "wall"))
				continue
			printf "%-40s %-10s %8.2f %8.2f %8d %5d\n", \
				who == "cnibox" ? name[i] : "", who, \
				get("lists", i, who, "ADD", "wall") / 1000, \
				get("lists", i, who, "DEL", "wall") / 1000, \
				get("lists", i, who, "ADD", "syscalls"), \
				get("lists", i, who, "ADD", "processes")
		}
}

function durable(   without) {
	without = get("durable", 0, "buffered", "ADD", "wall")
	if (without == "")
		return
	printf "\na reservation on this disk, ms: %.3f; with fsync, which is not done: %.3f\n", \
		without / 1000, get("durable", 0, "fsync", "ADD", "wall") / 1000
}

function sizes(   n, i, list, other) {
	n = split(binaries, list, " ")
	if (!n)
		return
	printf "\n%-19s %10s %10s %8s\n", "bytes", "cnibox", "reference", "ratio"
	for (i = 1; i <= n; i++) {
		other = get("size", 0, "reference", list[i], "bytes")
		printf "%-19s %10d %10s %8s\n", list[i], \
			get("size", 0, "cnibox", list[i], "bytes"), \
			other == "" ? "-" : other, \
			ratio(other, get("size", 0, "cnibox", list[i], "bytes"))
	}
}

# ---- goals

# The sign says whether less or more is good.
function goal(text, sign, bound, reached) {
	if (reached == "" || reached == "-")
		return
	if (!goals_told++)
		printf "\n%-62s %9s %9s\n", "goal", "bound", "reached"
	printf "%-62s %2s %6s %9s  %s\n", text, sign, bound, reached, \
		(sign == "<=" ? reached + 0 <= bound : reached + 0 >= bound) ? \
		"yes" : "NO"
}

function of(part, label, measure, a, b,   n) {
	n = part == "burst" || part == "drain" ? most(part) : part == "lists" ? NERDCTL : 0
	return ratio(get(part, n, a, label, measure), \
		get(part, n, b, label, measure))
}

# A DEL alone, with portmap (1) or without, over the floor's or that without.
function del_times(portmap, base) {
	return ratio(middle["alone", portmap, "cnibox", "DEL", "wall"], \
		middle["alone", 0, base, "DEL", "wall"])
}

# ADD with masquerading over the floor's, beside so many pods.
function add_times(part, n) {
	return ratio(get(part, n, "cnibox", "ADD", "wall"), get(part, n, "floor", "ADD", "wall"))
}

function growth(part, label, measure, from, to) {
	return ratio(middle[part, to, "cnibox", label, measure], \
		middle[part, from, "cnibox", label, measure])
}

function goals(   faults) {
	goal("ADD masq, times floor", "<=", 1.2, add_times("alone", 0))
	goal("ADD masq beside 500 pods, times floor", "<=", 1.2, add_times("pods", 500))
	goal("ADD masq, times as fast as the reference", ">=", 20, \
		of("masq", "ADD", "wall", "reference", "cnibox"))
	goal("DEL masq, times floor", "<=", 1.02, del_times(0, "floor"))
	goal("DEL of bridge and portmap, times DEL of bridge", "<=", 1.05, \
		del_times(1, "cnibox"))
	goal("host-local ADD, 10000 reservations to 10", "<=", 1.2, \
		growth("host-local", "ADD", "wall", 10, 10000))
	goal("ADD masq, 10000 elements to 10", "<=", 1.2, growth("nat", "ADD", "wall", 10, 10000))
	goal("ADD of nerdctl's list, times as fast as the reference", ">=", 15, \
		of("lists", "ADD", "wall", "reference", "cnibox"))
	goal("ADD of nerdctl's list, 10000 pods to 10", "<=", 1.2, \
		growth("beside", "ADD", "wall", 10, 10000))
	goal("DEL of nerdctl's list, 10000 pods to 10", "<=", 1.2, \
		growth("beside", "DEL", "wall", 10, 10000))
	goal("new connections through firewall out, 10000 pods to 10", ">=", 0.95, \
		growth("forwarding", "out", "rate", 10, 10000))
	goal("new connections through firewall in, 10000 pods to 10", ">=", 0.95, \
		growth("forwarding", "in", "rate", 10, 10000))
	goal("new connections out, 10000 pods to 1", ">=", 0.95, \
		growth("packets", "out", "rate", 1, 10000))
	goal("new connections in, 10000 pods to 1", ">=", 0.95, \
		growth("packets", "in", "rate", 1, 10000))
	goal("new connections out, 10000 subnets to 1", ">=", 0.95, \
		growth("subnets", "out", "rate", 1, 10000))
	goal("new connections in, 10000 subnets to 1", ">=", 0.95, \
		growth("subnets", "in", "rate", 1, 10000))
	goal("new connections out, 5000 nodes listed to none", ">=", 0.95, \
		growth("listed", "out", "rate", 0, 5000))
	goal("new connections to another node, 5000 nodes listed to none", ">=", 0.95, \
		growth("listed", "node", "rate", 0, 5000))
	goal("nodes apply with nothing to do, messages, 5000 to 500", "<=", 1, \
		growth("apply", "again", "messages", 500, 5000))
	goal("second nodes apply of 5000, changes", "<=", 0, \
		get("apply", 5000, "cnibox", "again", "changes"))
	goal("ADD of 1000 UDP ports, times TCP", "<=", 1.5, \
		growth("thousand", "ADD", "wall", 6, 17))
	goal("DEL of 1000 UDP ports, times TCP", "<=", 1.5, \
		growth("thousand", "DEL", "wall", 6, 17))
	goal("ADD masq, peak RSS in KiB", "<=", 1024, get("masq", 0, "cnibox", "ADD", "rss"))
	faults = get("version", 0, "true", "VERSION", "faults")
	goal("ADD masq, page faults, times static true", "<=", 2, \
		ratio(get("masq", 0, "cnibox", "ADD", "faults"), faults))
	goal("ADD masq, system calls (three quiet the port, two are for races)", "<=", 85, \
		get("masq", 0, "cnibox", "ADD", "syscalls"))
	goal("ADD masq, processes", "<=", 1, get("masq", 0, "cnibox", "ADD", "processes"))
	goal("default binary, KiB", "<=", 160, \
		ratio(get("size", 0, "cnibox", "default", "bytes"), 1024))
	goal("tiny binary, KiB", "<=", 74, ratio(get("size", 0, "cnibox", "tiny", "bytes"), 1024))
	goal("ADDs 16 at a time, times the reference's throughput", ">=", 15, \
		of("burst", "ADD", "wall", "reference", "cnibox"))
	goal("DELs 16 at a time, times the floor's throughput", ">=", 2, \
		of("burst", "DEL", "wall", "floor", "cnibox"))
	goal("DELs 64 at a time, times the floor's throughput", ">=", 2.5, \
		of("drain", "DEL", "wall", "floor", "cnibox"))
	goal("DELs 64 at a time, times one request to delete all 250 links", "<=", 2, \
		ratio(get("drain", 250, "cnibox", "DEL", "wall"), \
			get("drain", 250, "floor", "GC", "wall")))
	goal("one of 250 DELs, 99th percentile, times one DEL alone", "<=", 8, \
		ratio(p99["drain", 250, "cnibox", "DEL", "each"], \
			get("drain", 1, "cnibox", "DEL", "wall")))
	goal("DELs of portmap alone, 16 at a time, a second", ">=", 3600, \
		publish_rate(16, "cnibox", "DEL"))
	goal("GC of 100 dead pods, times one DEL", "<=", 10, collected(100))
	goal("GC of 1000 dead pods, times one DEL", "<=", 25, collected(1000))
	goal("GC of 1000 dead pods, times floor", "<=", 1.25, \
		ratio(get("gc", 1000, "cnibox", "GC", "wall"), \
			get("gc", 1000, "floor", "GC", "wall")))
}

function collected(n) {
	return ratio(get("gc", n, "cnibox", "GC", "wall"), get("gc", n, "cnibox", "DEL", "wall"))
}
