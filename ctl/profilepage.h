/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of page/: a page with marks between two @, its style and its script. */
#pragma once

extern const char profilepage_html[], profilepage_css[], profilepage_js[];
