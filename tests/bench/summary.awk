# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of measures sorted by all their keys and then by value: a line for each key,
# with count, least, median, 99th percentile, most, and the mean of the middle half,
# which does not jump as a median does between two ticks; with json, as JSON.

BEGIN {
	FS = OFS = "\t"
}

{
	key = $1 FS $2 FS $3 FS $4 FS $5
	if (key != last)
		finish()
	last = key
	value[++count] = $6
}

END {
	finish()
}

function rank(part,   i) {
	i = int(count * part + 0.999999)
	return value[i < 1 ? 1 : i]
}

function middle(   i, sum, first, last) {
	first = int(count / 4) + 1
	last = count - int(count / 4)
	for (i = first; i <= last; i++)
		sum += value[i]
	return sprintf("%.2f", sum / (last - first + 1))
}

function finish(   k) {
	if (count && json) {
		split(last, k, FS)
		printf "{\"part\":\"%s\",\"entries\":%d,\"contestant\":\"%s\",", \
			k[1], k[2], k[3]
		printf "\"label\":\"%s\",\"measure\":\"%s\",\"count\":%d,", \
			k[4], k[5], count
		printf "\"min\":%s,\"median\":%s,\"p99\":%s,\"max\":%s,\"middle\":%s}\n", \
			value[1], rank(0.5), rank(0.99), value[count], middle()
	} else if (count) {
		print last, count, value[1], rank(0.5), rank(0.99), value[count], middle()
	}
	count = 0
}
