# SPDX-License-Identifier: Apache-2.0
# WEIR_BPF_TOOLS
# Sets BPF_CLANG, BPFTOOL, BPF_ARCH and BPF_SYS_CFLAGS, or stops.
AC_DEFUN([WEIR_BPF_TOOLS],
[AC_REQUIRE([AC_CANONICAL_HOST])
AC_ARG_VAR([BPF_CLANG], [clang that compiles the BPF programs])
AC_ARG_VAR([BPFTOOL], [bpftool that links them])
AS_CASE([$host_cpu],
  [x86_64], [BPF_ARCH=x86],
  [aarch64], [BPF_ARCH=arm64],
  [AC_MSG_ERROR([no support for the processor $host_cpu])])
AC_SUBST([BPF_ARCH])

AC_CHECK_PROGS([BPF_CLANG],
  [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
AS_IF([test -z "$BPF_CLANG"], [AC_MSG_ERROR([clang is missing])])
AC_PATH_PROGS([BPFTOOL], [bpftool], [], [$PATH:/usr/local/sbin:/usr/sbin:/sbin])
AS_IF([test -z "$BPFTOOL"], [AC_MSG_ERROR([bpftool is missing])])

AC_MSG_CHECKING([whether $BPF_CLANG compiles for BPF and $BPFTOOL links it])
cat >conftest.bpf.c <<_WEIR_EOF
struct t { int a; } __attribute__((preserve_access_index));
__attribute__((section("socket"), used)) int p(struct t *t) { return t->a; }
_WEIR_EOF
AS_IF([{ $BPF_CLANG -g -O2 -target bpf -mcpu=v3 -c conftest.bpf.c \
           -o conftest.bpf.o &&
         "$BPFTOOL" gen object conftest.linked.o conftest.bpf.o; \
       } >&AS_MESSAGE_LOG_FD 2>&1],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([no working BPF tools; config.log has the reason])])
rm -f conftest.bpf.c conftest.bpf.o conftest.linked.o

# The BPF target does not know the host's multiarch folder (asm/types.h).
BPF_SYS_CFLAGS=`$BPF_CLANG -v -E - </dev/null 2>&1 | sed -n \
  '/search starts here:$/,/^End of search list/s| \(/.*\)|-idirafter \1|p' |
  tr '\n' ' '`
AC_SUBST([BPF_SYS_CFLAGS])
])
