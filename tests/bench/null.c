/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that do nothing, so that what is left is the cost of calling one. */
#include <weir/plugin.h>

#if KIND == 1
static int null_process(void *inst, struct weir_event *ev)
{
	(void)inst;
	(void)ev;
	return WEIR_CONTINUE;
}
#define CALLBACK .process = null_process
#elif KIND == 2
static int null_encode(void *inst, const struct weir_event *ev, struct weir_buf *out)
{
	(void)inst;
	(void)ev;
	(void)out;
	return 0;
}
#define CALLBACK .encode = null_encode
#else
static int null_write(void *inst, const struct weir_batch *batch, struct weir_write *w)
{
	(void)inst;
	(void)batch;
	(void)w;
	return WEIR_WRITE_OK;
}
#define CALLBACK .write = null_write
#endif

WEIR_PLUGIN_DEFINE(NAME, KIND, "1.0", "Apache-2.0", .summary = "Does nothing.", CALLBACK);
