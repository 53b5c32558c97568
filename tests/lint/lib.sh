# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2016,SC2034,SC2120
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

# each COMMAND...: runs it on every file named on standard input, two at a time.
each()
{
	tr '\n' '\0' | xargs -0 -r -n 1 -P "$(nproc)" "$@"
}
