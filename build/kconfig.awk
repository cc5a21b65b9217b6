# SPDX-License-Identifier: GPL-2.0-or-later
#
# Copies the Kconfig block out of the header comment of each applet given. With
# make=1 prints, in place of it, the line of make that says whether the applet is
# built: "applets-y += NAME", or "applets- += NAME", and tools- for the commands
# in applets/node, where one that has no block is always built.

function die(text)
{
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	bad = 1
	exit 1
}

function built(when)
{
	if (make)
		print (tool ? "tools-" : "applets-") when " += " name
}

FNR == 1 {
	name = FILENAME
	sub(/\.c$/, "", name)
	sub(/.*\//, "", name)
	symbol = toupper(name)
	gsub(/-/, "_", symbol)
	tool = FILENAME ~ /^applets\/node\//
	state = "before"
}

state == "before" && tool && /^ \*\/$/ {
	state = "after"
	built("y")
}

state == "before" && /^#/ { die("no \"config " symbol "\" in the first comment") }

state == "before" && /^config / {
	if ($2 != symbol)
		die("\"config " $2 "\" should be \"config " symbol "\"")
	state = "block"
	built("$(CONFIG_" symbol ")")
}

state == "block" && /\*\// {
	state = "after"
	if (!make)
		print ""
}

state == "block" && !make
