/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of layout.h as clang makes it for BPF; test_layout.c reads it. */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#include "layout.h"
