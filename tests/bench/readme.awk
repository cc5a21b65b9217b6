# SPDX-License-Identifier: GPL-2.0-or-later
#
# README with the rows that a run has measured, from table.md, README and README again:
# each takes the place of the one with its title in "Size and speed"; a new one stands
# behind the one that is before it in table.md.

BEGIN {
	FS = "|"
}

FNR == 1 {
	file++
}

file > 1 && /^## / {
	inside = $0 == "## Size and speed"
}

file == 1 && /^\| / {
	row[$2] = $0
	follows[last] = $2
	last = $2
}

file == 1 && /^\|---/ {
	heads[last] = 1
}

file == 2 && inside {
	titles[$2] = 1
}

file == 3 {
	here = inside && /^\|/
	print here && ($2 in row) ? row[$2] : $0
	title = here && /^\|---/ ? above : $2
	above = $2
	if (!here || ($2 in heads))
		next
	while ((title in follows) && !(follows[title] in titles)) {
		title = follows[title]
		print row[title]
	}
}
