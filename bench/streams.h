// What many clients of the stream cost: a real server on loopback, clients in another process.
#pragma once

namespace plimsoll::bench {

// Prints its rows into the table.
void bench_streams();

}  // namespace plimsoll::bench
