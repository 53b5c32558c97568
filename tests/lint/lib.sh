# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2015,SC2016,SC2034,SC2120,SC3013
#
# lib.sh - what the checks share. Each check sources this, prints its faults as
# "file:line: what is wrong", and fails when there is one. LINT_ROOT is another
# tree to look at (the self-test's).

set -eu
export LC_ALL=C
lint=$(cd "$(dirname "$0")" && pwd)
cd "${LINT_ROOT:-$lint/../..}"

# files [PATTERN...]: the project's files, new ones included, one per line.
files()
{
	git ls-files -co --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# scripts WORD: files whose first line is a #! that names WORD.
scripts()
{
	files | tr '\n' '\0' |
		xargs -0 -r awk -v word="$1" 'FNR == 1 {
			if (/^#!/ && $0 ~ "[/ ]" word "([ 0-9.]|$)")
				print FILENAME
			nextfile
		}'
}

# include_flags: where our own headers and those of the parts are.
include_flags='-Iagent -Iinit -Itests/unit -D_GNU_SOURCE'

# stale FOLDER: passes on the files that are newer than their mark there. Any
# change of a header or of a check makes all of them stale.
stale()
{
	marks=build/lint/$1
	mkdir -p "$marks"
	newest=$(files '*.h' "tests/lint/*" | tr '\n' '\0' | xargs -0 -r ls -t |
		head -n 1)
	while read -r file; do
		mark=$marks/$(printf %s "$file" | tr / ,)
		[ "$mark" -nt "$file" ] && [ "$mark" -nt "${newest:-$file}" ] ||
			printf '%s\n' "$file"
	done
}

# marked FOLDER COMMAND...: as each; a file that passes gets its mark.
marked()
{
	marks=build/lint/$1
	shift
	each sh -c '
		marks=$1
		shift
		"$@" || exit 1
		for file; do :; done
		touch "$marks/$(printf %s "$file" | tr / ,)"' sh "$marks" "$@"
}

# each COMMAND...: runs it on every file named on standard input, two at a time.
each()
{
	tr '\n' '\0' | xargs -0 -r -n 1 -P "$(nproc)" "$@"
}
