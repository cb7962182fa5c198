/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSan does not see CK's inline assembly. These tell it that what a thread did
 * before TSAN_RELEASE(p) comes before what another does after TSAN_ACQUIRE(p).
 * The address is only a name, but one of real memory. Nothing without TSan.
 */
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN_ON_ 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define TSAN_ON_ 1
#endif

#ifdef TSAN_ON_
#include <sanitizer/tsan_interface.h>
#define TSAN_RELEASE(p)	__tsan_release((void *)(p))
#define TSAN_ACQUIRE(p)	__tsan_acquire((void *)(p))
#else
#define TSAN_RELEASE(p)	((void)(p))
#define TSAN_ACQUIRE(p)	((void)(p))
#endif
