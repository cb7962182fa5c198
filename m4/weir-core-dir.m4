# SPDX-License-Identifier: Apache-2.0
# WEIR_CORE_DIR
# configure removes core dumps with "rm -f core ...". Our folder core/ makes
# that fail, and the exit trap then leaves its other files behind. So drop
# that operand. Call it right after AC_INIT.
AC_DEFUN([WEIR_CORE_DIR],
[rm ()
{
  if test "x$[]1,$[]2" = "x-f,core"; then
    shift 2
    set x -f "$[]@"
    shift
  fi
  command rm "$[]@"
}
])
