#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of real runtimes as far as they run in the guest: runc, podman,
# systemd-nspawn. Of the others, and of units of systemd, cgroups of such names,
# with state files as they write them.
# shellcheck source=tests/live/lib.sh
. "$WEIR_SRC/tests/live/lib.sh"

CG=/sys/fs/cgroup
[ "$(stat -fc %T $CG)" = cgroup2fs ] || skip_all "no unified hierarchy"
mkdir "$T/conf.d"
echo 'sync = ( { plugin = "container"; after = "process"; } );' >"$T/conf.d/container.conf"

# ---- a root file system of one program
root=$T/root
mkdir -p "$root"/{bin,etc,usr/lib,proc,sys,dev,tmp,run,var}
cp "$(command -v busybox)" "$root/bin/busybox"
for p in sh sleep; do ln -s busybox "$root/bin/$p"; done
echo ID=test | tee "$root/etc/os-release" >"$root/usr/lib/os-release"

# ---- what was there before the sensor
mkdir -p $CG/system.slice/before.service
sensor_start container "events = [ $EVENTS, \"namespace\", \"cgroup_mkdir\", \"cgroup_rmdir\" ]"

# of TYPE TAG: the lines of its events; id_of TYPE TAG: the id of the first one.
of() { grep -E "\"type\":\"$1\".*\"nlink\":[0-9]+\},\"args\":\[\"[^\"]*\",\"$2\"" "$OUT"; }
id_of() { of "$1" "$2" | sed -nE 's/^\{"type":"[a-z_]*","id":"([0-9]+)".*/\1/p' | head -n 1; }
show() { grep -F "\"$1\"" "$OUT" | cut -c 1-2000 | sed 's/^/# /'; }
# in_cgroup PATH TAG: an exec in a cgroup, which is made.
in_cgroup()
{
	mkdir -p "$CG$1"
	bash -c 'echo $$ >"$1/cgroup.procs" && exec "$2" "$3" mkdir "$4" 755' - \
		"$CG$1" "$ACT" "$2" "$T/dir-$2"
}
# told TAG CONDITION ...: an exec with that argument says it, or its amendment.
told()
{
	local by="process.args.1=$1"

	"$EXPECT" --wait "$OUT" $DEADLINE "type=exec $by" || return 1
	if [ "$(count "type=exec $by container.state=pending")" -gt 0 ]; then
		by="ref.type=exec ref.by=container ref.id=$(id_of exec "$1")"
		"$EXPECT" --wait "$OUT" $DEADLINE "type=amendment $by ${*:2}"
	else
		"$EXPECT" --wait "$OUT" 60 "type=exec $by ${*:2}"
	fi || { show "$1"; show "$(id_of exec "$1")"; false; }
}
# at_once TAG CONDITION ...
at_once()
{
	"$EXPECT" --wait "$OUT" $DEADLINE "type=exec process.args.1=$1" &&
		"$EXPECT" --wait "$OUT" 60 "type=exec process.args.1=$1 ${*:2}" || { show "$1"; false; }
}
none="container.state=resolved container.runtime=none !container.id"

# ---- no containers
"$ACT" root mkdir "$T/dir-root" 755
check "the root cgroup" told root "$none" process.cgroup.path=/
in_cgroup /system.slice/before.service before
check "a unit that was there: at once" at_once before "$none" systemd.unit=before.service \
	systemd.slice=system.slice
in_cgroup '/system.slice/new\x2done.service' new
check "a new unit" told new "$none" 'systemd.unit=new\x2done.service'
in_cgroup '/system.slice/new\x2done.service' again
check "a second process in it: at once" at_once again "$none" systemd.slice=system.slice
in_cgroup /user.slice/user-1000.slice/session-7.scope session
check "a session" told session "$none" systemd.session=7 systemd.owner.uid=1000
in_cgroup /user.slice/user-1000.slice/user@1000.service/app.slice/x.service user
check "a unit of a user" told user "$none" systemd.unit=user@1000.service systemd.user_unit=x.service
in_cgroup /plain/folder plain
check "a cgroup of nobody" told plain "$none" '!systemd.unit'

# ---- state files of runtimes that are not here
hex=$(printf '%064d' 42)
pod=8f1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
slice=/kubepods.slice/kubepods-pod${pod//-/_}.slice
mkdir -p "/var/lib/docker/containers/$hex" /run/containerd/io.containerd.runtime.v2.task/k8s.io/"$hex" \
	"/run/containers/storage/overlay-containers/$hex/userdata" /var/lib/lxc/weirlxc
cat >"/var/lib/docker/containers/$hex/config.v2.json" <<END
{"ID":"$hex","Name":"/web","Config":{"Image":"nginx:1.25","Labels":{"app":"shop"}}}
END
cat >"/run/containerd/io.containerd.runtime.v2.task/k8s.io/$hex/config.json" <<END
{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.image-name":"redis:7",
"io.kubernetes.cri.sandbox-name":"redis-0","io.kubernetes.cri.sandbox-namespace":"prod",
"io.kubernetes.cri.sandbox-uid":"$pod"}}
END
cat >"/run/containers/storage/overlay-containers/$hex/userdata/config.json" <<END
{"annotations":{"io.kubernetes.container.name":"db","io.kubernetes.pod.name":"db-0",
"io.kubernetes.pod.namespace":"test","io.kubernetes.cri-o.ImageName":"quay.io/org/db:2"}}
END
echo 'lxc.rootfs.path = dir:/x' >/var/lib/lxc/weirlxc/config
in_cgroup "/system.slice/docker-$hex.scope" docker
check "files of Docker" told docker container.state=resolved container.runtime=docker \
	container.id="$hex" container.name=web container.image.name=nginx container.image.tag=1.25 \
	container.labels.0.name=app container.labels.0.value=shop
in_cgroup "$slice/cri-containerd-$hex.scope" containerd
check "files of containerd" told containerd container.runtime=containerd container.name=app \
	container.image.name=redis orchestrator.type=kubernetes orchestrator.namespace=prod \
	orchestrator.pod.name=redis-0 orchestrator.pod.uid=$pod
in_cgroup "$slice/crio-$hex.scope/container" crio
check "files of CRI-O" told crio container.runtime=cri-o container.name=db \
	orchestrator.pod.name=db-0 container.image.tag=2 orchestrator.pod.uid=$pod
in_cgroup /lxc.payload.weirlxc/system.slice/nginx.service lxc
check "files of LXC" told lxc container.runtime=lxc container.id=weirlxc systemd.unit=nginx.service
in_cgroup "/docker/$(printf '%064d' 43)" lost
check "no file at all" told lost container.state=unknown container.runtime=docker \
	container.reason=*

# ---- real runtimes
if command -v runc >/dev/null; then
	mkdir "$T/bundle"
	cp -a "$root" "$T/bundle/rootfs"
	(cd "$T/bundle" && runc spec && sed -i 's/"terminal": true/"terminal": false/
		s/"sh"/"sleep", "1000.1"/' config.json && runc run -d weirrunc </dev/null >"$T/runc.log" 2>&1)
	check "runc: a container" told 1000.1 container.state=resolved container.runtime=runc \
		container.id=weirrunc container.name=weirrunc
	[ "${failed:-0}" = 0 ] || sed 's/^/# /' "$T/runc.log"
	runc exec weirrunc /bin/sleep 0.01 </dev/null >>"$T/runc.log" 2>&1
	check "runc: its second process, at once" at_once 0.01 container.runtime=runc \
		container.id=weirrunc
	runc kill weirrunc KILL >>"$T/runc.log" 2>&1
else
	n=$((n + 1))
	echo "ok $n - runc # SKIP not installed"
fi

if command -v systemd-nspawn >/dev/null; then
	# As systemd-nspawn@.service starts it. The file is that of systemd-machined.
	unit=$CG/machine.slice/systemd-nspawn@weir\\x2dbox.service
	mkdir -p "$unit" /run/systemd/machines
	printf '%s\n' NAME=weir-box SERVICE=systemd-nspawn CLASS=container \
		>/run/systemd/machines/weir-box
	bash -c 'echo $$ >"$1/cgroup.procs" && exec systemd-nspawn -q -D "$2" --register=no \
		--keep-unit -M weir-box /bin/sleep 3.001' - "$unit" "$root" </dev/null >"$T/nspawn.log" 2>&1
	check "systemd-nspawn: a container" told 3.001 container.state=resolved \
		container.runtime=systemd-nspawn container.name=weir-box
else
	n=$((n + 1))
	echo "ok $n - systemd-nspawn # SKIP not installed"
fi

if command -v podman >/dev/null; then
	mkdir -p /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers
	pod() { timeout 150 podman --storage-driver vfs --cgroup-manager cgroupfs "$@" </dev/null; }
	began=$SECONDS
	tar -C "$root" -c . | timeout 150 podman --storage-driver vfs import -q - \
		localhost:5000/weirbox:1.2 >"$T/podman.log" 2>&1
	pod run -d --network none --name weirpod localhost:5000/weirbox:1.2 /bin/sleep 1000.2 \
		>>"$T/podman.log" 2>&1 || sed 's/^/# /' "$T/podman.log"
	echo "# podman took $((SECONDS - began)) s"
	check "podman: a container" told 1000.2 container.state=resolved container.runtime=podman \
		container.name=weirpod container.image.name=localhost:5000/weirbox container.image.tag=1.2
else
	n=$((n + 1))
	echo "ok $n - podman # SKIP not installed"
fi
sensor_stop container

check "each event has a state" is "$(count "type=exec !container.state" | head -n 1)" 0
tap "$EXPECT" --complete "$OUT"

plan
