// What the exporter costs as users run it: the program beside this one, asked over loopback.
#pragma once

#include <string>

#include "bench/bench_host.h"

namespace plimsoll::bench {

// `root`: where the host's groups stand as a cgroup root. Prints its rows into the table.
void bench_exporter(const BenchHost& host, const std::string& root);

}  // namespace plimsoll::bench
