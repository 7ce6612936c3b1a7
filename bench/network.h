// What the counters of containers' networks cost, on links of the bench's own.
#pragma once

namespace plimsoll::bench {

// Prints its rows into the table.
void bench_network();

}  // namespace plimsoll::bench
