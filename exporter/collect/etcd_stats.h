// What became of this host's registration in etcd (--etcd.endpoints).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace plimsoll::exporter {

struct EtcdStats {
  bool registered = false;  // The lease lives and all keys hold what they should, as far as known.
  std::uint64_t keys = 0;   // Under the lease: this host's and its containers'.
  std::uint64_t key_bytes = 0;    // Keys and values.
  std::uint64_t leases_lost = 0;  // Ran out, or etcd forgot them: all is registered again.
  std::uint64_t left_out = 0;     // Containers, now: too many, or too large for a key.
  // By operation: grant, keepalive, txn, revoke.
  std::map<std::string, std::uint64_t> requests, errors;
  std::optional<WallTime> last_success;
};

}  // namespace plimsoll::exporter
