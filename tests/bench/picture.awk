# SPDX-License-Identifier: GPL-2.0-or-later
#
# A picture (SVG) of the times in the first table of README's "Size and speed": for each row
# whose cells are milliseconds a group of bars, on a logarithmic scale.

BEGIN {
	FS = " *\\| *"
	split("#888888 #1f77b4 #d62728", colours, " ")
	split("floor (bare kernel requests)|cnibox|Go plugins", names, "|")
	left = 365
	top = 62
	width = 400
	low = 0.1 # the scale's first and last value, ms
	high = 100000
	bar = 12 # a bar's height, and a line's
}

/^## / {
	inside = $0 == "## Size and speed"
}

# Of its tables the one with the floor.
/^\| \| floor / {
	table = inside
}

!/^\|/ {
	table = 0
}

table && /^\|.* ms \|/ {
	title[++rows] = $2
	gsub(/`/, "", title[rows])
	for (i = 1; i <= 3; i++) {
		cell[rows, i] = $(2 + i)
		count[rows] += $(2 + i) != ""
	}
}

END {
	if (!rows)
		exit 1
	height = top
	for (row = 1; row <= rows; row++)
		height += group_height(row)
	head()
	grid()
	y = top
	for (row = 1; row <= rows; row++) {
		draw(row, y)
		y += group_height(row)
	}
	print "</svg>"
}

function group_height(row) {
	return count[row] * bar + 12
}

function x_of(ms) {
	return left + width * log(ms / low) / log(high / low)
}

function text(x, y, anchor, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, \
		anchor, words
}

function box(x, y, w, h, colour) {
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", \
		x, y, w, h, colour
}

function head(   i, x) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"", \
		left + width + 70, height + 30
	print " font-family=\"sans-serif\" font-size=\"11\">"
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	text(left, 18, "start", "milliseconds, logarithmic; less is better")
	x = left
	for (i = 1; i <= 3; i++) {
		box(x, 30, 10, 10, colours[i])
		text(x + 15, 39, "start", names[i])
		x += 40 + 6 * length(names[i])
	}
}

function grid(   ms) {
	for (ms = low; ms <= high * 1.001; ms *= 10) {
		printf "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#dddddd\"/>\n", \
			x_of(ms), top - 8, height
		text(x_of(ms), height + 16, "middle", ms)
	}
}

function draw(row, y,   i, ms) {
	text(left - 10, y + count[row] * bar / 2 + 4, "end", title[row])
	for (i = 1; i <= 3; i++) {
		if (cell[row, i] == "")
			continue
		ms = cell[row, i]
		gsub(/,/, "", ms)
		box(left, y, x_of(ms + 0) - left, bar - 1, colours[i])
		text(x_of(ms + 0) + 4, y + bar - 2, "start", cell[row, i])
		y += bar
	}
}
