#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weirctl acl: its command line; and that it says of a file what the tools say
# that Debian has for that: getfacl, getcap, stat, nfs4_getfacl, Samba's library.
set -u
: "${WEIR_BUILD:?}"
weirctl=$WEIR_BUILD/weirctl
[ -x "$weirctl" ] || exit 1
tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/acl-XXXXXX") && [ -d "$tmp" ] || exit 1
trap 'rm -rf "${tmp:?}"' EXIT
cd "$tmp" || exit 1
n=0 failed=0

# is GOT WANT TEXT
is()
{
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
		return
	fi
	echo "not ok $n - $3"
	failed=1
	sed 's/^/# got  /' <<<"$1"
	sed 's/^/# want /' <<<"$2"
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

decode() { "$weirctl" acl decode "$@" 2>&1; }

# ---- the command line
out=$(decode --kind capability 01)
is "$? $out" '4 {"error":"no file capabilities","rule":"K1"}' "a value that breaks a rule: status 4"
out=$(decode --kind capability 0x0)
is "$? $out" '4 {"error":"the input is not hexadecimal","rule":"hex"}' "no hexadecimal"
decode --kind nothing x >/dev/null
is $? 2 "an unknown kind: status 2"
decode --kind sddl --context colour=red D: >/dev/null
is $? 2 "an unknown context: status 2"
is "$(printf 'O:BA\n' | decode --kind sddl -)" "$(decode --kind sddl O:BA)" "from standard input"
is "$(decode --kind sddl --context domain_sid=S-1-5-21-1-2-3 O:DA | cut -d, -f1)" \
	'{"owner":"S-1-5-21-1-2-3-512"' "an alias of a known domain"
is "$(decode --kind posix_acl --context xattr=system.posix_acl_default --text \
	0200000001000700ffffffff04000500ffffffff20000000ffffffff | head -n 1)" "Default ACL" \
	"the attribute's name tells what it is"
is "$(decode --kind mode --text '100755 0 0 -> 104755 0 0' | tail -n 2)" \
	"Changes: setuid added: the program runs as its owner root (0)
Risk: setuid_root" "a change of a mode"
is "$(decode --kind sddl --old 'D:(A;;FR;;;WD)' 'D:(A;;FA;;;WD)' | tail -n 2)" \
	"Changes: allow Everyone (S-1-1-0) Read -> Full control
Risk: everyone_full_control" "a change of a descriptor"
cat >lines.jsonl <<-'END'
{"id":1,"kind":"mode","input":"100644 0 0"}
{"id":"two","kind":"sddl","input":"X:","context":{}}
{"id":[3],"kind":"posix_acl","input":"02000000","context":{"is_dir":true,"xattr":"system.posix_acl_access"}}
{"id":4,"kind":"none","input":""}
not JSON
{"id":6,"kind":"sddl","input":"","context":{"is_dir":7}}
END
is "$(decode --batch lines.jsonl; echo $?)" '{"id":1,"owner":"uid:0","group":"gid:0","file_type":"file","special":[],"symbolic":"-rw-r--r--","aces":[{"type":"user_obj","trustee":"owner","rights":["read","write"]},{"type":"group_obj","trustee":"owning_group","rights":["read"]},{"type":"other","trustee":"other","rights":["read"]}]}
{"id":"two","error":"no section O:, G:, D: or S:","rule":"S1"}
{"id":[3],"extended":false,"aces":[]}
{"id":4,"error":"there is no such kind","rule":"batch"}
{"id":null,"error":"the line is no JSON object","rule":"batch"}
{"id":6,"error":"the context cannot be read","rule":"batch"}
0' "a batch: a line for each line"
is "$(decode --batch - --text <<<'{"id":1,"kind":"mode","input":"100644 0 0"}' |
	grep -c '"text":"Mode 0644 (-rw-r--r--), owner root (0), group root (0)"')" 1 "with words"
decode --batch nothing >/dev/null
is $? 1 "a batch that is not there: status 1"
"$weirctl" acl show "$tmp/nothing" >/dev/null 2>&1
is $? 1 "a file that is not there: status 1"

# ---- stat
for mode in 0644 4755 2750 1777 0000 7777; do
	touch f && chmod $mode f
	is "$("$weirctl" acl show f | sed -n '1s/^Mode \([0-7]*\) (\([^)]*\)).*/\1 \2/p')" \
		"$mode $(stat -c %A f)" "mode $mode as stat has it"
done
rm -f f

# ---- getfacl
# ours FILE: the entries as getfacl writes them, "user:1001:rwx".
ours()
{
	"$weirctl" acl show --json "$1" | tr -d '\n' | sed 's/^.*"system.posix_acl_access"//' |
		grep -oE '"trustee":"[a-z_]+(:[0-9]+)?","rights":\[[a-z",]*\]' |
		sed -E 's/"trustee":"//; s/","rights":/ /; s/^uid:/user:/; s/^gid:/group:/
			s/^owner /user: /; s/^owning_group /group: /; s/^(mask|other) /\1: /' |
		awk '{ printf "%s:%s%s%s\n", $1, $2 ~ /read/ ? "r" : "-",
			$2 ~ /write/ ? "w" : "-", $2 ~ /execute/ ? "x" : "-" }'
}

if ! command -v setfacl >/dev/null || ! command -v getfacl >/dev/null; then
	skip "POSIX ACLs as getfacl has them" "no setfacl"
elif ! touch g || ! setfacl -m u:1001:rwx g 2>/dev/null; then
	skip "POSIX ACLs as getfacl has them" "no ACLs here"
else
	for spec in u:1001:rwx,m::r-x g:27:r-x,u:7:-,u::rw- u:0:rw-,g:0:x,m::rw o::rwx,g::-,u:8:w; do
		setfacl -b g && setfacl -m $spec g
		is "$(ours g | sort)" "$(getfacl -cnpE g | grep . | sort)" "ACL $spec as getfacl has it"
	done
fi

# ---- getcap
if ! command -v setcap >/dev/null || ! command -v getcap >/dev/null; then
	skip "capabilities as getcap has them" "no setcap"
elif ! cp /bin/true c || ! setcap cap_net_raw=ep c 2>/dev/null; then
	skip "capabilities as getcap has them" "not allowed here"
else
	for spec in cap_net_admin,cap_net_raw=ep cap_chown=p cap_bpf,cap_perfmon,cap_checkpoint_restore=ep; do
		setcap $spec c
		is "$("$weirctl" acl show c | sed -n 's/^File capabilities: //p')" \
			"$(getcap c | sed -E 's/^c //; s/,/, /g; s/=ep$/ (permitted, effective)/
				s/=p$/ (permitted)/')" "capabilities $spec as getcap has them"
	done
fi

# ---- nfs4_getfacl, which is given the ACL instead of a file on NFS
if ! command -v nfs4_getfacl >/dev/null || ! command -v python3 >/dev/null; then
	skip "NFSv4 ACLs as nfs4_getfacl has them" "no nfs4-acl-tools, or no python3"
else
	mkdir nfs && touch nfs/file && mkdir nfs/dir
	LD_PRELOAD='' python3 - "$weirctl" "$WEIR_BUILD/tests/tools/.libs/nfs4xattr.so" <<'END' >nfs4
import json, os, struct, subprocess, sys

letters = {"read_data": "r", "list_directory": "r", "write_data": "w", "add_file": "w",
           "append_data": "a", "add_subdirectory": "a", "read_named_attrs": "n",
           "write_named_attrs": "N", "execute": "x", "delete_child": "D",
           "read_attributes": "t", "write_attributes": "T", "delete": "d", "read_acl": "c",
           "write_acl": "C", "write_owner": "o", "synchronize": "y",
           "file_inherit": "f", "directory_inherit": "d", "no_propagate_inherit": "n",
           "inherit_only": "i", "successful_access": "S", "failed_access": "F",
           "identifier_group": "g"}
kinds = {"allow": "A", "deny": "D", "audit": "U", "alarm": "L"}

def value(aces):
    out = struct.pack(">I", len(aces))
    for kind, flags, mask, who in aces:
        out += struct.pack(">IIII", kind, flags, mask, len(who)) + who + b"\0" * (-len(who) % 4)
    return out.hex()

def ours(acl, is_dir):
    p = subprocess.run([sys.argv[1], "acl", "decode", "--kind", "nfs4_acl",
                        "--context", "is_dir=%d" % is_dir, acl], capture_output=True, text=True)
    word = lambda names: "".join(sorted(letters[n] for n in names))
    return [(kinds[a["type"]], word(a["flags"]), a["trustee"], word(a["rights"]))
            for a in json.loads(p.stdout)["aces"]]

def theirs(acl, name):
    p = subprocess.run(["nfs4_getfacl", name], capture_output=True, text=True,
                       env=dict(os.environ, NFS4_ACL=acl, LD_PRELOAD=sys.argv[2]))
    rows = [line.split(":") for line in p.stdout.split("\n") if line and line[0] != "#"]
    return [(k, "".join(sorted(f)), who, "".join(sorted(m))) for k, f, who, m in rows]

acls = [[(0, 0, 0x160186, b"OWNER@"), (1, 0, 2, b"bob@example.com"), (0, 0x40, 0x120081, b"GROUP@")],
        [(0, 0, 1 << bit, b"EVERYONE@") for bit in (0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 18, 19, 20)],
        [(2, 0x10, 0x1e01bf, b"1001"), (3, 0x20, 0x40001, b"a" * 60), (0, 0x40, 0x20, b"staff@x")],
        [(0, flag, 0x1f01ff, b"OWNER@") for flag in (1, 2, 3, 7, 0xb, 0xf)]]
for acl in acls:
    for name in ("nfs/file", "nfs/dir"):
        is_dir = name == "nfs/dir"
        if not is_dir and any(flags & 0xf or mask & 0x40 for kind, flags, mask, who in acl):
            continue
        a, b = ours(value(acl), is_dir), theirs(value(acl), name)
        print("same" if a == b else "%s\n%s\n%s" % (name, a, b))
END
	is "$(sort -u nfs4)" same "NFSv4 ACLs as nfs4_getfacl has them: $(wc -l <nfs4)"
fi

# ---- Samba's library: SDDL and bytes. Its FA and conditions are of a later version.
python=
for p in /usr/bin/python3 python3; do
	$p -c 'import samba.dcerpc.security' 2>/dev/null && python=$p && break
done
if [ -z "$python" ]; then
	skip "descriptors as Samba has them" "no python3-samba"
else
	"$python" - "$weirctl" <<'END' >samba
import json, subprocess, sys
from samba.dcerpc import security
from samba.ndr import ndr_pack

def ours(kind, text):
    p = subprocess.run([sys.argv[1], "acl", "decode", "--kind", kind, text],
                       capture_output=True, text=True)
    return json.loads(p.stdout)

dom = security.dom_sid("S-1-5-21-1-2-3")
texts = ["O:BAG:BUD:PAI(A;OICI;0x1f01ff;;;BA)(D;;0x2;;;WD)", "D:", "D:P", "O:SYG:SYS:AI",
         "D:AIARP(A;OICINPIOID;0x1200a9;;;AU)",
         "D:(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)",
         "D:(OD;CIIO;RPWP;;bf967aba-0de6-11d0-a285-00aa003049e2;AO)S:(AU;SAFA;WDWOSDDT;;;WD)",
         "S:(OU;SA;CCDC;ab721a53-1e2f-11d0-9819-00aa0040529b;"
         "bf967aba-0de6-11d0-a285-00aa003049e2;WD)",
         "D:(A;;GAGRGWGX;;;S-1-5-21-7-8-9-1105)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;NO)"]
for t in texts:
    data = ndr_pack(security.descriptor.from_sddl(t, dom))
    a, b = ours("sddl", t), ours("cifs_ntsd", data.hex())
    print("same" if a == b and "error" not in a else "%s\n%s\n%s" % (t, a, b))
END
	is "$(sort -u samba)" same "descriptors as Samba has them: $(wc -l <samba)"
fi
echo "1..$n"
exit $failed
