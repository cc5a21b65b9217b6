# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kconfig without a Kconfig tool: reads Kconfig files, then, behind the operand
# answers=1, a configuration, and prints the complete one. What the
# configuration leaves open is, by mode: default, no, yes or random (seed).

function die(text)
{
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	bad = 1
	exit 1
}

# What follows the first word of the line, or the first n.
function rest(n,    text)
{
	text = $0
	for (; n; n--)
		sub(/^[ \t]*[^ \t]+[ \t]*/, "", text)
	return text
}

function met(expr,    part, n, i)
{
	n = split(expr, part, / *&& */)
	for (i = 1; i <= n; i++)
		if (part[i] != "" && part[i] !~ /^!/ && value(part[i]) != "y" ||
		    part[i] ~ /^!/ && value(substr(part[i], 2)) == "y")
			return 0
	return 1
}

# The same numbers from every awk.
function random()
{
	seed = (seed * 1103 + 12345) % 65536
	return int(seed / 256)
}

# "" if the symbol depends on something that is off.
function value(sym,    i)
{
	if (sym in done)
		return done[sym]
	if (!(sym in type))
		return ""
	done[sym] = ""
	if (!met(depends[sym]))
		return ""
	if (sym in answer)
		done[sym] = answer[sym]
	else if (type[sym] != "bool" || mode == "default")
		done[sym] = default_of(sym)
	else if (mode == "random")
		done[sym] = random() % 2 ? "y" : "n"
	else
		done[sym] = mode == "yes" ? "y" : "n"
	return done[sym]
}

function default_of(sym,    i)
{
	for (i = 1; i <= defaults[sym]; i++)
		if (met(condition[sym, i]))
			return fallback[sym, i]
	return type[sym] == "bool" ? "n" : type[sym] == "int" ? "0" : "\"\""
}

BEGIN {
	split("default no yes random", known)
	for (i in known)
		modes[known[i]] = 1
	if (!(mode in modes)) {
		print "config.awk: mode=" mode " is unknown" >"/dev/stderr"
		bad = 1
		exit 1
	}
	seed = seed % 65536
}

answers && /^CONFIG_[A-Z0-9_]+=/ {
	sym = substr($0, 8, index($0, "=") - 8)
	answer[sym] = substr($0, index($0, "=") + 1)
	if (!(sym in type))
		print FILENAME ": there is no option " sym >"/dev/stderr"
}

answers && /^# CONFIG_[A-Z0-9_]+ is not set$/ {
	answer[substr($2, 8)] = "n"
}

answers { next }

/^[^ \t]/ { help = 0 }

help || /^[ \t]*(#|$)/ { next }

/^(menu|endmenu|mainmenu|comment|source)/ { next }

/^config / {
	sym = $2
	order[++count] = sym
	next
}

/^[ \t]+(bool|string|int) / {
	type[sym] = $1
	next
}

/^[ \t]+depends on [!A-Z0-9_& ]+$/ {
	depends[sym] = depends[sym] (depends[sym] ? " && " : "") rest(2)
	next
}

/^[ \t]+default / {
	text = rest(1)
	i = ++defaults[sym]
	if (match(text, / if [!A-Z0-9_& ]+$/)) {
		condition[sym, i] = substr(text, RSTART + 4)
		text = substr(text, 1, RSTART - 1)
	}
	fallback[sym, i] = text
	next
}

/^[ \t]+help$/ {
	help = 1
	next
}

{ die("not understood: " $0) }

END {
	if (bad)
		exit 1
	print "# Made by make; change it by hand or with make menuconfig."
	for (i = 1; i <= count; i++) {
		v = value(order[i])
		if (v == "n")
			print "# CONFIG_" order[i] " is not set"
		else if (v != "")
			print "CONFIG_" order[i] "=" v
	}
}
