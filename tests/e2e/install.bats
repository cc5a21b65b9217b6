#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cnibox --install: the links by which the plugins are called.

load helpers

@test "--install makes hard links, again and again" {
	local dir=$BATS_TEST_TMPDIR/bin
	mkdir "$dir"
	cp "$CNIBOX" "$dir/../cnibox"
	for _ in once twice; do
		run -0 "$dir/../cnibox" --install "$dir"
		[ "$dir/bridge" -ef "$dir/../cnibox" ]
		[ ! -L "$dir/bridge" ]
	done
	[ "$(ls "$dir")" = "$("$CNIBOX" --list | sort)" ]
}

@test "--install -s makes relative symbolic links" {
	local dir=$BATS_TEST_TMPDIR/a/b
	mkdir -p "$dir"
	cp "$CNIBOX" "$dir/../../cnibox"
	run -0 "$dir/../../cnibox" --install -s "$dir"
	[ "$(readlink "$dir/bridge")" = ../../cnibox ]
	[ "$dir/portmap" -ef "$dir/../../cnibox" ]
}

@test "--install on another file system leads to -s" {
	# shellcheck disable=SC2016 # bash reads it there
	run -1 unshare --mount bash -c 'mount -t tmpfs bin "$1" &&
		exec "$0" --install "$1"' "$CNIBOX" "$BATS_TEST_TMPDIR"
	[[ $output == *"link $BATS_TEST_TMPDIR/bridge to $CNIBOX (-s may): Cross-device link"* ]]
}

@test "--install replaces the files of others only with -f" {
	local dir=$BATS_TEST_TMPDIR/bin
	mkdir "$dir"
	echo theirs >"$dir/bridge"
	run ! "$CNIBOX" --install -s "$dir"
	[[ $output == *bridge* ]]
	[ "$(cat "$dir/bridge")" = theirs ]
	run -0 "$CNIBOX" --install -s -f "$dir"
	[ "$dir/bridge" -ef "$CNIBOX" ]
}

@test "--install makes the folder, with those above it" {
	local dir=$BATS_TEST_TMPDIR/opt/cni/bin
	run -0 "$CNIBOX" --install -s "$dir"
	[ "$dir/bridge" -ef "$CNIBOX" ]
	run ! "$CNIBOX" --install -s "$dir/bridge/more"
	[[ $output == *"$dir/bridge/more: Not a directory"* ]]
}

# As in an initramfs: a kernel, this file, and nothing else, not even /tmp.
@test "--install by the recipe for an initramfs" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root/proc"
	cp "$CNIBOX" "$root/cnibox"
	run -0 unshare --mount bash -c 'mount -t proc proc "$1/proc" &&
		exec chroot "$1" /cnibox --install -s /opt/cni/bin' bash "$root"
	[ "$(readlink "$root/opt/cni/bin/bridge")" = ../../../cnibox ]
}

@test "its name goes without dashes, too" {
	local dir=$BATS_TEST_TMPDIR/bin
	run -0 "$CNIBOX" install -s "$dir"
	[ "$dir/bridge" -ef "$CNIBOX" ]
}

@test "--help says what it does; words it does not know are an error" {
	local words dir=$BATS_TEST_TMPDIR/bin
	run -0 "$CNIBOX" --install --help
	[[ $output == "    cnibox --install [-s] [-f] [DIR]"* ]]
	for words in -sf "-s -x" --; do
		# shellcheck disable=SC2086 # several words
		run -1 --separate-stderr "$CNIBOX" --install $words "$dir"
		[ "$output$stderr" = "cnibox: --install: unknown word ${words##* }; see cnibox --install --help" ]
	done
	[ ! -e "$dir" ]
}
