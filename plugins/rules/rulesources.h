/* SPDX-License-Identifier: Apache-2.0 */
/* The text of sources.conf; the .c is made of it. */
#pragma once

extern const char rulesources_text[];
