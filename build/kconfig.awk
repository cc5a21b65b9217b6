# SPDX-License-Identifier: GPL-2.0-or-later
#
# Copies the Kconfig block out of the header comment of each applet given. With
# make=1 prints, in place of it, the line of make that says when the applet is
# built.

function die(text)
{
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	bad = 1
	exit 1
}

FNR == 1 {
	name = FILENAME
	sub(/\.c$/, "", name)
	sub(/.*\//, "", name)
	symbol = toupper(name)
	gsub(/-/, "_", symbol)
	state = "before"
}

state == "before" && /^#/ { die("no \"config " symbol "\" in the first comment") }

state == "before" && /^config / {
	if ($2 != symbol)
		die("\"config " $2 "\" should be \"config " symbol "\"")
	state = "block"
	if (make)
		print "applets-$(CONFIG_" symbol ") += " name
}

state == "block" && /\*\// {
	state = "after"
	if (!make)
		print ""
}

state == "block" && !make
