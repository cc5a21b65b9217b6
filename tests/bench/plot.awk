# SPDX-License-Identifier: GPL-2.0-or-later
#
# A picture (SVG) of a measure of one part over the number of entries, both
# logarithmic, from what summary.awk has made: part, measure, unit (what one of
# its units is divided by) and title say of what.

BEGIN {
	FS = "\t"
	split("#888888 #1f77b4 #d62728 #9467bd", colours, " ")
	split("floor cnibox reference peer", order, " ")
	left = 80
	top = 50
	width = 520
	height = 320
	low = 1e99
	far = 1
	near = 1e99
}

$1 == part && $5 == measure {
	value = $8 / unit
	line = $3 SUBSEP $4
	points[line] = points[line] " " $2 ":" value
	if (value < low)
		low = value
	if (value > high)
		high = value
	if ($2 > far)
		far = $2
	if ($2 < near)
		near = $2
	labels[$4] = 1
}

END {
	if (!high)
		exit 1
	low = floor_ten(low)
	high = floor_ten(high) * 10
	if (near == far)
		far = near * 10
	head()
	grid()
	for (i = 1; i in order; i++)
		for (label in labels)
			draw(order[i], label, colours[i])
	print "</svg>"
}

function log10(x) {
	return log(x) / log(10)
}

function floor_ten(x,   e) {
	e = log10(x) + 1e-9
	return 10 ^ (e < 0 && e != int(e) ? int(e) - 1 : int(e))
}

function x_of(n) {
	return left + width * log10(n / near) / log10(far / near)
}

function y_of(value) {
	return top + height * log10(high / value) / log10(high / low)
}

function text(x, y, anchor, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, \
		anchor, words
}

function rule(x1, y1, x2, y2) {
	printf "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#dddddd\"/>\n", x1, y1, x2, y2
}

function head() {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"", \
		left + width + 170, top + height + 50
	print " font-family=\"sans-serif\" font-size=\"12\">"
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	text(left, 25, "start", title)
}

function grid(   v) {
	for (v = low; v <= high * 1.001; v *= 10) {
		rule(left, y_of(v), left + width, y_of(v))
		text(left - 8, y_of(v) + 4, "end", v)
	}
	for (v = near; v <= far * 1.001; v *= 10) {
		rule(x_of(v), top, x_of(v), top + height)
		text(x_of(v), top + height + 18, "middle", v)
	}
	text(left + width / 2, top + height + 40, "middle", "entries")
}

# Through the points in the order of their number; the label where it ends.
function draw(who, label, colour,   list, n, i, p, path, dash, at, rest, best) {
	n = split(points[who, label], list, " ")
	if (!n)
		return
	dash = label == "ADD" || label == "out" ? "none" : "6 4"
	for (at = -1; ; at = best) {
		best = -1
		for (i = 1; i <= n; i++) {
			split(list[i], p, ":")
			if (p[1] + 0 > at && (best < 0 || p[1] + 0 < best)) {
				best = p[1] + 0
				rest = p[2]
			}
		}
		if (best < 0)
			break
		path = path sprintf("%s%.1f %.1f", path ? "L" : "M", x_of(best), y_of(rest))
		last_x = x_of(best)
		last_y = y_of(rest)
	}
	printf "<path d=\"%s\" fill=\"none\" stroke-width=\"2\" ", path
	printf "stroke=\"%s\" stroke-dasharray=\"%s\"/>\n", colour, dash
	printf "<g fill=\"%s\">", colour
	text(last_x + 8, last_y + (dash == "none" ? -3 : 11), "start", who " " label)
	print "</g>"
}
