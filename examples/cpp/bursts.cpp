/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enricher `bursts`: how many programs has a process started in the last
 * while? Marks execs beyond a limit. C++ inside, C at the border.
 */
#include <cstdint>
#include <memory>
#include <unordered_map>

#include <weir/plugin.h>

namespace {

enum { OPT_LIMIT, OPT_WINDOW, OPT_TABLE };

const weir_option bursts_options[] = {
	{ "limit", WEIR_OPT_INT, 0, 1, 1000000, "100", nullptr,
	  "Programs in a window beyond which execs are marked." },
	{ "window", WEIR_OPT_TIME, 0, 1000000, 3600000000000, "10s", nullptr,
	  "Length of the window." },
	{ "table", WEIR_OPT_INT, 0, 16, 1000000, "4096", nullptr,
	  "Processes that are watched at a time." },
};

enum { IN_PARENT, IN_TIME };

const weir_want bursts_wants[] = {
	{ "process.parent.key", WEIR_WANT_REQUIRED, 0 },
	{ "time", WEIR_WANT_REQUIRED, 0 },
};

enum { OUT_COUNT };

const weir_field_def bursts_produces[] = {
	{ "bursts.count", WEIR_KIND_U64, 0, nullptr, "", "", "",
	  "Programs that the parent has started in the window, if they are too many.",
	  nullptr, 0, 0 },
};

enum { N_MARKED, N_FORGOTTEN, N_FAILED };

const weir_counter bursts_counters[] = {
	{ "marked", "events", "Execs beyond the limit." },
	{ "forgotten", "processes", "Left out of the table, which was full." },
	{ "failed", "events", "Given up because of an exception." },
};

const char *const bursts_types[] = { "exec" };

/* Takes time from events, so that a replay has the same result. */
class Window {
public:
	Window(uint64_t length_ns, size_t n_max) : length_ns_(length_ns), n_max_(n_max) {}

	/* This one included; 0: there was no room for the process. */
	uint64_t add(uint64_t key, uint64_t now_ns)
	{
		auto it = starts_.find(key);

		if (it == starts_.end()) {
			if (starts_.size() >= n_max_ && !expire(now_ns))
				return 0;
			it = starts_.emplace(key, Start{ now_ns, 0 }).first;
		}
		if (now_ns - it->second.since_ns > length_ns_)
			it->second = Start{ now_ns, 0 };
		return ++it->second.n;
	}

	void swap(Window &other) { starts_.swap(other.starts_); }

private:
	struct Start {
		uint64_t since_ns, n;
	};

	bool expire(uint64_t now_ns)
	{
		for (auto it = starts_.begin(); it != starts_.end();)
			it = now_ns - it->second.since_ns > length_ns_ ? starts_.erase(it) : ++it;
		return starts_.size() < n_max_;
	}

	uint64_t length_ns_;
	size_t n_max_;
	std::unordered_map<uint64_t, Start> starts_;
};

class Bursts {
public:
	explicit Bursts(const weir_setup &s)
		: parent_(s.wants[IN_PARENT]), time_(s.wants[IN_TIME]),
		  count_(s.produces[OUT_COUNT]), counters_(s.counters),
		  limit_(static_cast<uint64_t>(s.options[OPT_LIMIT].v.i)),
		  window_(static_cast<uint64_t>(s.options[OPT_WINDOW].v.i),
			  static_cast<size_t>(s.options[OPT_TABLE].v.i))
	{
	}

	void process(weir_event *ev)
	{
		const weir_value key = weir_get(ev, parent_), time = weir_get(ev, time_);
		uint64_t n;

		if (!weir_present(&key) || !weir_present(&time))
			return;
		n = window_.add(key.v.u, time.v.u);
		if (n == 0)
			count(N_FORGOTTEN);
		if (n <= limit_)
			return;
		count(N_MARKED);
		weir_set_u64(ev, count_, n);
	}

	void adopt(Bursts &other) { window_.swap(other.window_); }

	void count(int which) { weir_count(&counters_[which], 1); }

private:
	weir_handle parent_, time_, count_;
	uint64_t *counters_;
	uint64_t limit_;
	Window window_;
};

/* No exception crosses the border. */
template <typename F> int guard(int otherwise, F f) noexcept
{
	try {
		return f();
	} catch (...) {
		return otherwise;
	}
}

int bursts_open(const weir_setup *s, void **inst)
{
	int r = guard(-1, [&] {
		*inst = std::make_unique<Bursts>(*s).release();
		return 0;
	});

	if (r)
		weir_logf(s, WEIR_LOG_ERROR, "out of memory");
	return r;
}

void bursts_close(void *inst)
{
	std::unique_ptr<Bursts> gone(static_cast<Bursts *>(inst));
}

int bursts_process(void *inst, weir_event *ev)
{
	auto x = static_cast<Bursts *>(inst);
	int r = guard(WEIR_FAIL, [&] {
		x->process(ev);
		return static_cast<int>(WEIR_CONTINUE);
	});

	if (r == WEIR_FAIL)
		x->count(N_FAILED);
	return r;
}

int bursts_adopt(void *inst, void *other)
{
	return guard(-1, [&] {
		static_cast<Bursts *>(inst)->adopt(*static_cast<Bursts *>(other));
		return 0;
	});
}

} // namespace

WEIR_PLUGIN_DEFINE(bursts, WEIR_PLUGIN_ENRICHER, "1.0.0", "Apache-2.0",
	.summary = "Marks execs of processes that start many programs.",
	.options = bursts_options,
	.wants = bursts_wants,
	.produces = bursts_produces,
	.counters = bursts_counters,
	.types = bursts_types,
	.n_options = WEIR_N_OF(bursts_options),
	.n_wants = WEIR_N_OF(bursts_wants),
	.n_produces = WEIR_N_OF(bursts_produces),
	.n_counters = WEIR_N_OF(bursts_counters),
	.n_types = WEIR_N_OF(bursts_types),
	.open = bursts_open,
	.close = bursts_close,
	.process = bursts_process,
	.state = 1,
	.adopt = bursts_adopt);
