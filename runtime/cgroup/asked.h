// What a container's resources ask of this host: limits for the planner, and a few writes to files
// that are nobody's limit (realtime budgets, tags of network packets, RDMA, whatever `unified`
// names). Pure.
//
// 0 of a Go program often means "not set": as in runc, a share, quota, period or memory limit of 0
// is none. pids.limit is one with 0, as the specification 1.3 says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/number.h"
#include "cgroupfs/limit/limits.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/spec/resources.h"

namespace plimsoll::runtime {

// To a file of one hierarchy, one write(2).
struct DirectWrite {
  std::size_t hierarchy = 0;
  std::string file;
  std::string text;
  bool operator==(const DirectWrite&) const = default;
};

struct Asked {
  limit::Limits limits;
  std::vector<DirectWrite> direct;
};

struct AskedFacts {
  // The weight of disks is BFQ's here (a file *.bfq.weight is there), else io.cost's.
  enum class Weights : std::uint8_t { kIoCost, kBfq } weights = Weights::kIoCost;
  // The memory limit in force, for a limit of swap that comes without one.
  Limit<limit::Bytes> memory = Limit<limit::Bytes>::none();
};

// kInvalidInput: a value that no kernel takes. kNotOffered: this host has no such controller, or
// its version has no such control; names it.
[[nodiscard]] Result<Asked> asked_of(const spec::Resources& resources,
                                     const cgroupfs::Layout& layout, const AskedFacts& facts);

}  // namespace plimsoll::runtime
