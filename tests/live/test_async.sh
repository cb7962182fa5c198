#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What async chains find out: the digests of executed files, and what becomes
# of users and groups. The root file system of the guest is an overlay, /tmp is
# not.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

for t in useradd usermod userdel unshare sha256sum; do
	command -v $t >/dev/null || skip_all "no $t"
done
mkdir "$T/conf.d"
cat >"$T/conf.d/async.conf" <<END
async = {
  files = { workers = 2; stages = ( { plugin = "hash"; max_size = "32M"; } ); };
  users = { stages = ( { plugin = "accounts"; settle = "500ms"; } ); };
};
END

# ---- what is executed
sha() { sha256sum "$1" | cut -d' ' -f1; }
sleeper=$(command -v sleep)
cp "$sleeper" "$T/program"
cp "$sleeper" "$T/swapped"
truncate -s 33M "$T/large"
dd if="$sleeper" of="$T/large" conv=notrunc status=none
cp "$sleeper" /root/layer-program
chmod 755 "$T/large"
printf '#!/bin/bash\nexit\n' >"$T/script"
chmod 755 "$T/script"
# Younger ones would be "touched".
sleep 0.1
sensor_start async

# id_of TYPE TEXT: of the only event with this argument.
id_of() { grep -F "\"$2\"" "$OUT" | sed -nE 's/^\{"type":"'"$1"'","id":"([0-9]+)".*/\1/p'; }

# hashed TAG CONDITION ...: there comes an amendment of the exec, which has its
# numbers and not its texts.
hashed()
{
	local id

	"$EXPECT" --wait "$OUT" $DEADLINE "type=exec process.args.1=$1" || return 1
	id=$(id_of exec "$1")
	"$EXPECT" --wait "$OUT" $DEADLINE \
		"type=amendment ref.type=exec ref.by=files ref.id=$id ${*:2}" ||
		{ grep '"type":"amendment"' "$OUT" | grep -F "\"$id\"" | cut -c 1-900 | sed 's/^/# /'; false; }
}
status() { echo "process.exe.hash.status=$1"; }
digest() { echo "process.exe.hash.sha256=$(sha "$1")"; }
# What is killed says nothing of it.
end() { kill "$1"; wait "$1" 2>/dev/null || true; }

"$T/program" 0.001
check "a program on tmpfs" hashed 0.001 "$(status ok)" "$(digest "$T/program")"
"$sleeper" 0.002
check "a program in the lower layer" hashed 0.002 "$(status ok)" "$(digest "$sleeper")"
/root/layer-program 0.003
check "a program in the upper layer" hashed 0.003 "$(status ok)" "$(digest "$sleeper")"
"$T/large" 0.004
check "a large one" hashed 0.004 "$(status too_big)" '!process.exe.hash.sha256'
"$T/script"
check "a script: its interpreter" hashed "$T/script" "$(status ok)" "$(digest /bin/bash)"

# Its path leads to another file in the sensor's namespace, or nowhere.
unshare -m bash -c "mount -t tmpfs t /mnt && cp $sleeper /mnt/inside && sleep 0.1 &&
	mount --bind $T/script $T/swapped && cp /bin/bash /mnt/bash && exec /mnt/inside 1000.1" &
pid=$!
check "a process in another mount namespace" hashed 1000.1 "$(status ok)" "$(digest "$sleeper")"
end $pid
bash -c "exec 9<$T/swapped; rm $T/swapped; cp $T/script $T/swapped; sleep 0.1
	exec /proc/self/fd/9 1000.2" &
pid=$!
check "a deleted file, and another of its name" hashed 1000.2 "$(status ok)" "$(digest "$sleeper")"
end $pid
"$T/program" 1000.3 &
pid=$!
check "a process that runs" hashed 1000.3 "$(status ok)" "$(digest "$sleeper")"
rm "$T/program"
end $pid

# ---- users and groups
# account CONDITION ...: there comes such an event.
account()
{
	"$EXPECT" --wait "$OUT" $DEADLINE "type=account $*" ||
		{ grep '"type":"account"' "$OUT" | cut -c 1-900 | sed 's/^/# /'; false; }
}
caused() { echo "ref.by=accounts account.source=event process.name=$1"; }

useradd -M -N -g 100 -u 4321 -s /bin/sh weirtest
check "useradd: the user" account "$(caused useradd)" ref.type=rename account.kind=user \
	account.action=created account.name=weirtest account.id=4321 !account.old \
	account.file=/etc/passwd account.changes.0~4321
check "useradd: its shadow entry" account "$(caused useradd)" account.kind=user \
	account.action=changed account.name=weirtest account.id=4321 \
	account.file=/etc/shadow account.changes.0~shadow
usermod -aG users,daemon weirtest
check "usermod: a member" account "$(caused usermod)" account.kind=group \
	account.action=changed account.name=daemon account.file=/etc/group \
	account.changes.0~weirtest account.changes.#=1
# shellcheck disable=SC2016
echo 'weirtest:$6$salt$hash' | chpasswd -e
check "chpasswd: a password" account "$(caused chpasswd)" account.kind=user \
	account.action=changed account.name=weirtest account.file=/etc/shadow \
	account.changes.0~set
sed 's/:4321:/:0:/' /etc/passwd >"$T/passwd"
cp "$T/passwd" /etc/passwd.new
mv /etc/passwd.new /etc/passwd
check "mv: another number" account "$(caused mv)" ref.type=rename account.action=changed \
	account.name=weirtest account.id=0 account.old.id=4321 account.changes.#=1
echo 'weirtwo::4322:4322:::' >>"$T/passwd"
cp "$T/passwd" /etc/passwd
check "cp: written in place" account "$(caused cp)" account.action=created \
	account.name=weirtwo account.id=4322

# A container's /etc is not ours.
mkdir "$T/etc"
cp "$T/passwd" "$T/etc"
unshare -m bash -c "mount --bind $T/etc /etc && cp /etc/passwd /etc/new &&
	echo weirthree:x:4323:4323::: >>/etc/new && mv /etc/new /etc/passwd"
userdel -f weirtwo
check "userdel: the user" account "$(caused userdel)" account.action=removed \
	account.name=weirtwo account.id=4322
userdel -f weirtest
check "userdel: a user of root's number" account "$(caused userdel)" account.action=removed \
	account.name=weirtest account.id=0
sensor_stop async

# ---- as a whole
id=$(id_of exec 0.001)
check "an event has one amendment" is "$(count "type=amendment ref.id=$id")" 1
check "which has an id of its own" is "$(count "id=$id")" 1
execs=$(count "type=exec process.exe.inode=*")
amended=$(count "type=amendment ref.type=exec ref.by=files process.exe.hash.status=*")
check "each exec is amended once" is "$amended" "$execs"
check "with a digest or a reason" is \
	"$(count "type=amendment ref.by=files process.exe.hash.status=ok !process.exe.hash.sha256")" 0
check "nobody was created twice" is "$(count \
	"type=account account.action=created account.name=weirtest" \
	"type=account account.action=created account.name=weirtwo" | tr '\n' ' ')" "1 1 "
check "what a container does with its own is not told" is \
	"$(count "type=account account.name=weirthree")" 0
check "nothing had to be found" is "$(count "type=account account.source=found")" 0
check "no hash of a password is told" [ "$(grep '"type":"account"' "$OUT" |
	grep -c 'salt')" = 0 ]
tap "$EXPECT" --complete "$OUT"
plan
