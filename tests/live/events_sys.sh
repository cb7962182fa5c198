# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A part of test_sys.sh: memory, modules, BPF.

cp /bin/true f
mkdir nx
mount -t tmpfs -o noexec none nx
cp f nx/f

case_ "a file is mapped to be executed"
run mmap "$W/f" rx private
want mmap_exec "file.path=$W/f" "file.inode=$(inode f)" file.mode=100755 \
	memory.protection.#=2 memory.protection.0=PROT_READ memory.protection.1=PROT_EXEC \
	memory.flags.#=1 memory.flags.0=MAP_PRIVATE class=bulk $ok_

case_ "memory without a file is mapped to be executed"
run mmap - rwx private
want mmap_exec '!file.path' '!file.inode' '!file.uid' memory.protection.#=3 \
	memory.flags.#=2 memory.flags.0=MAP_PRIVATE memory.flags.1=MAP_ANONYMOUS $ok_

case_ "a file is mapped shared to be executed"
run mmap f rwx shared
want mmap_exec "file.path=$W/f" memory.protection.#=3 memory.flags.0=MAP_SHARED $ok_

case_ "mappings that cannot be executed"
run mmap f rw private

case_ "a file that cannot be executed is mapped nonetheless"
fails 1 mmap nx/f rx private
want mmap_exec "file.path=$W/nx/f" $no error=EPERM

case_ "a System V segment is attached to be executed"
run shm-exec
want mmap_exec 'file.path~SYSV' 'file.flags~unreachable' memory.protection.#=3 \
	memory.flags.0=MAP_SHARED $ok_

case_ "memory is made executable"
run mprotect - rw rx private
want mprotect_exec '!file.path' '!file.uid' memory.protection.#=2 \
	memory.protection.1=PROT_EXEC memory.old_protection.#=2 \
	memory.old_protection.1=PROT_WRITE memory.area.#=1 memory.area.0=anonymous \
	memory.size=4096 'memory.start^=0x' class=bulk $ok_

case_ "a mapping of a file is made executable"
run mprotect f r rx private
want mprotect_exec "file.path=$W/f" memory.area.#=0 memory.old_protection.#=1 $ok_

case_ "a mapping that was written is made executable"
run mprotect f rw rx private write
want mprotect_exec "file.path=$W/f" memory.area.#=1 memory.area.0=modified $ok_

case_ "shared memory is made executable"
run mprotect f rw rwx shared
want mprotect_exec "file.path=$W/f" memory.area.#=1 memory.area.0=shared \
	memory.protection.#=3 $ok_

case_ "the stack is made executable"
run mprotect-stack
want mprotect_exec '!file.path' memory.area.#=2 'memory.area~anonymous' \
	'memory.area~stack' memory.protection.#=3 $ok_

case_ "the heap is made executable"
run mprotect-heap
want mprotect_exec '!file.path' memory.area.#=2 'memory.area~anonymous' \
	'memory.area~heap' $ok_

case_ "two mappings are made executable at once"
run mprotect-two
want mprotect_exec memory.old_protection.#=1 memory.size=4096 $ok_
want mprotect_exec memory.old_protection.#=2 memory.size=4096 $ok_

case_ "what is executable stays so"
run mprotect - rwx rx private
want mmap_exec '!file.path' $ok_

case_ "memory that may not become executable"
fails 13 mprotect nx/f r rx private

case_ "a memfd"
run memfd-create weir-live 3
want memfd memfd.name=weir-live memfd.flags.#=2 memfd.flags.0=MFD_CLOEXEC \
	memfd.flags.1=MFD_ALLOW_SEALING class=bulk $ok_

case_ "a memfd of huge pages"
run memfd-create huge 4
want memfd memfd.name=huge memfd.flags.#=1 memfd.flags.0=MFD_HUGETLB $ok_

case_ "a memfd with wrong flags"
fails 22 memfd-create wrong 0x1000
umount nx

# ---- modules
case_ "a module"
run finit "$W/dummy.ko" numdummies=0
want module_load "file.path=$W/dummy.ko" "file.inode=$(inode dummy.ko)" \
	module.name=dummy module.parameters=numdummies=0 module.taints=0x0 \
	class=critical $ok_

case_ "a module that is there"
fails 17 finit dummy.ko ''
want module_load "file.path=$W/dummy.ko" '!module.name' '!module.parameters' \
	$no error=EEXIST
run delete-module dummy

case_ "a module from memory"
run init dummy.ko numdummies=0
want module_load '!file.path' '!file.uid' module.name=dummy \
	module.parameters=numdummies=0 $ok_
run delete-module dummy

case_ "a module with a wrong parameter"
fails 22 finit dummy.ko numdummies=none
want module_load "file.path=$W/dummy.ko" module.parameters=numdummies=none \
	$no error=EINVAL

case_ "a module that finds no device"
fails 19 finit padlock-aes.ko ''
want module_load "file.path=$W/padlock-aes.ko" module.name=padlock_aes $no error=ENODEV

case_ "no module at all"
fails 8 finit f x=1
want module_load "file.path=$W/f" '!module.name' module.parameters=x=1 $no error=ENOEXEC

case_ "a module without privilege"
fails 1 as 65534 finit dummy.ko ''

printf '%s\0' case "modprobe" process.args.1=dummy type=module_load '' >>"$CASES"
modprobe dummy numdummies=0 && rmmod dummy || echo modprobe >>"$T/undone"
want module_load module.name=dummy module.parameters~numdummies=0 \
	process.exe.path=/usr/bin/kmod $ok_

# ---- BPF
case_ "a map"
run bpf-map live
want bpf bpf.command=BPF_MAP_CREATE bpf.map.type=hash bpf.name=live 'bpf.id>=1' \
	'!bpf.program.type' '!bpf.target' class=critical $ok_

case_ "what is done to a map's elements is no event"
run bpf-elements
want bpf bpf.command=BPF_MAP_CREATE bpf.name=elements

case_ "a program"
run bpf-prog filter
want bpf bpf.command=BPF_PROG_LOAD bpf.program.type=socket_filter bpf.name=filter \
	'bpf.id>=1' bpf.program.instructions=2 '!bpf.map.type' $ok_

case_ "a program that the kernel refuses"
fails 22 bpf-prog endless bad
want bpf bpf.command=BPF_PROG_LOAD bpf.name=endless bpf.id=0 \
	bpf.program.instructions=1 $no error=EINVAL

case_ "BPF without privilege"
fails 1 as 65534 bpf-map other
want bpf bpf.command=BPF_MAP_CREATE bpf.name=other bpf.map.type=hash \
	process.uid=65534 $no error=EPERM

pin=/sys/fs/bpf/weir-live
case_ "a map is pinned"
run bpf-pin pinned $pin
want bpf bpf.command=BPF_MAP_CREATE bpf.name=pinned $ok_
want bpf bpf.command=BPF_OBJ_PIN bpf.target=$pin bpf.map.type=hash bpf.name=pinned \
	'bpf.id>=1' $ok_
want create file.path=$pin "file.inode=$(inode $pin)" $ok_

case_ "a map is pinned where there is one"
fails 17 bpf-pin second $pin
want bpf bpf.command=BPF_MAP_CREATE bpf.name=second $ok_
want bpf bpf.command=BPF_OBJ_PIN bpf.target=$pin bpf.name=second $no error=EEXIST

case_ "a pinned map is opened"
run bpf-get $pin
want bpf bpf.command=BPF_OBJ_GET bpf.target=$pin bpf.map.type=hash bpf.name=pinned \
	'bpf.id>=1' $ok_
rm $pin

case_ "a pinned map that is not there"
fails 2 bpf-get $pin
want bpf bpf.command=BPF_OBJ_GET bpf.target=$pin '!bpf.map.type' $no error=ENOENT

case_ "a map by an id that is not there"
fails 2 bpf-map-id 999999999
want bpf bpf.command=BPF_MAP_GET_FD_BY_ID bpf.id=999999999 $no error=ENOENT

case_ "a program at a raw tracepoint"
run bpf-tracepoint raw sched_wait_task
want bpf bpf.command=BPF_PROG_LOAD bpf.program.type=raw_tracepoint bpf.name=raw $ok_
want bpf bpf.command=BPF_RAW_TRACEPOINT_OPEN bpf.target=sched_wait_task bpf.name=raw \
	bpf.program.type=raw_tracepoint 'bpf.id>=1' $ok_

case_ "a program that follows a function"
run bpf-trace tracer security_inode_readlink
want bpf bpf.command=BPF_PROG_LOAD bpf.program.type=tracing bpf.name=tracer \
	bpf.attach_type=24 bpf.target=security_inode_readlink $ok_
want bpf bpf.command=BPF_RAW_TRACEPOINT_OPEN bpf.name=tracer \
	bpf.target=security_inode_readlink $ok_

case_ "a program is linked to a cgroup"
run bpf-link linked /sys/fs/cgroup
want bpf bpf.command=BPF_PROG_LOAD bpf.program.type=cgroup_skb bpf.attach_type=1 $ok_
want bpf bpf.command=BPF_LINK_CREATE bpf.program.type=cgroup_skb bpf.name=linked \
	bpf.attach_type=1 'bpf.id>=1' $ok_
want bpf bpf.command=BPF_LINK_DETACH $ok_

case_ "a program is attached to a cgroup"
run bpf-attach attached /sys/fs/cgroup
want bpf bpf.command=BPF_PROG_LOAD bpf.name=attached $ok_
want bpf bpf.command=BPF_PROG_ATTACH bpf.name=attached bpf.attach_type=1 $ok_
want bpf bpf.command=BPF_PROG_DETACH bpf.name=attached bpf.attach_type=1 $ok_

case_ "BTF that is none"
fails 22 bpf-btf
want bpf bpf.command=BPF_BTF_LOAD $no error=EINVAL
