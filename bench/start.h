// The sampler's first look at a host, and scrapes that take their own sample.
#pragma once

#include <cstddef>

namespace plimsoll::bench {

// Makes groups of its own, which nobody looked at before: twice `groups`, half of them for a bare
// program that opens, reads and closes the same files.
void bench_start(std::size_t groups);

}  // namespace plimsoll::bench
