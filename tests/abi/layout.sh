#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: CC=... layout.sh [--asserts] INCLUDE-FOLDER
# Prints what the plugin ABI is made of, one thing in a line, for the headers in
# INCLUDE-FOLDER/weir: "struct.member offset size", "struct size", "ENUMERATOR value".
# --asserts: the same as C that does not compile where it is not so. Wire structs
# of events.def are left out: plugins know their fields by name only.
set -eu
mode=print
if [ "${1:-}" = --asserts ]; then
	mode=asserts
	shift
fi
dir=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Structs and enumerators of plugin.h and wire.h as "struct NAME MEMBER" and "enum
# NAME", from what the preprocessor leaves; its line marks tell the file.
cat >"$tmp/names.awk" <<'AWK'
/^# [0-9]+ "/ { split($0, part, "\""); ours = part[2] ~ /(plugin|wire)\.h$/; next }
ours { text = text " " $0 }
END {
	gsub(/__attribute__ *\(\([^;{}]*\)\)/, "", text)
	while (match(text, /(struct|enum) +weir_[a-z0-9_]+ *\{/)) {
		head = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		split(head, word, /[ {]+/)
		if (word[1] == "enum") enum_read(); else struct_read(word[2])
	}
}
# Takes the text up to the bracket that closes, without what is in inner ones.
function body(    out, depth, c, i) {
	depth = 1
	for (i = 1; depth; i++) {
		c = substr(text, i, 1)
		if (c == "{") depth++
		if (depth == 1 && c != "}") out = out c
		if (c == "}") depth--
	}
	text = substr(text, i)
	return out
}
function enum_read(    list, n, i, name) {
	n = split(body(), list, ",")
	for (i = 1; i <= n; i++)
		if (match(list[i], /[A-Z][A-Z0-9_a-z]*/)) {
			name = substr(list[i], RSTART, RLENGTH)
			if (name !~ /^WEIR_EV_[a-z]/) print "enum", name
		}
}
function struct_read(name,    list, n, i, part, m, j) {
	print "size", name
	n = split(body(), list, ";")
	for (i = 1; i < n; i++) {
		if (match(list[i], /\(\*[a-z0-9_]+\)/)) {
			print "member", name, substr(list[i], RSTART + 2, RLENGTH - 3)
			continue
		}
		gsub(/\[[^]]*\]/, "", list[i])
		m = split(list[i], part, ",")
		for (j = 1; j <= m; j++)
			if (match(part[j], /[a-z0-9_]+ *$/)) {
				sub(/ *$/, "", part[j])
				match(part[j], /[a-z0-9_]+$/)
				print "member", name, substr(part[j], RSTART, RLENGTH)
			}
	}
}
AWK
${CC:-cc} -E -I"$dir" -x c - <<<'#include <weir/plugin.h>' 2>/dev/null |
	awk -f "$tmp/names.awk" >"$tmp/names"
# Numbers that are macros; the version itself is not one of them.
sed -nE 's/^#define (WEIR_[A-Z0-9_]+)[[:space:]]+[(0-9].*/enum \1/p' \
	"$dir"/weir/{wire,plugin}.h | grep -v ' WEIR_ABI_' >>"$tmp/names"
[ -s "$tmp/names" ] || { echo "layout.sh: nothing found in $dir" >&2; exit 1; }

{
	echo '#include <stdio.h>'
	echo '#include <weir/plugin.h>'
	echo 'int main(void) {'
	while read -r what a b; do
		case $what in
		size) echo "printf(\"$a %zu\\n\", sizeof(struct $a));" ;;
		member) echo "printf(\"$a.$b %zu %zu\\n\", offsetof(struct $a, $b), sizeof(((struct $a *)0)->$b));" ;;
		enum) echo "printf(\"$a %lld\\n\", (long long)$a);" ;;
		esac
	done <"$tmp/names"
	echo 'return 0; }'
} >"$tmp/layout.c"
${CC:-cc} -I"$dir" -o "$tmp/layout" "$tmp/layout.c"
"$tmp/layout" >"$tmp/out"
if [ $mode = print ]; then
	cat "$tmp/out"
	exit
fi

# What grows by a minor: structs that begin with their size, and the ends of enums.
grows=$(awk '$1 ~ /\.size$/ && $2 == 0 { sub(/\.size/, "", $1); print $1 }' "$tmp/out")
abi=$(sed -nE 's/^#define WEIR_ABI_M(AJOR|INOR)\s+([0-9]+)$/\2/p' "$dir/weir/plugin.h" | paste -sd.)
echo '/* SPDX-License-Identifier: Apache-2.0 */'
echo "/* Made by layout.sh --asserts from the headers of ABI $abi: what no later minor may move. */"
echo '#include <weir/plugin.h>'
echo
echo '#if UINTPTR_MAX > 0xffffffff'
while read -r name off size; do
	case $name in
	WEIR_*_MAX) ;;
	WEIR_*) echo "_Static_assert($name == $off, \"$name\");" ;;
	*.*) echo "_Static_assert(offsetof(struct ${name%.*}, ${name#*.}) == $off, \"$name\");"
		echo "_Static_assert(sizeof(((struct ${name%.*} *)0)->${name#*.}) == $size, \"$name\");" ;;
	*)
		op='=='
		grep -qx "$name" <<<"$grows" && op='>='
		echo "_Static_assert(sizeof(struct $name) $op $off, \"$name\");" ;;
	esac
done <"$tmp/out"
echo '#endif'
