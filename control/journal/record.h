// What the journal says, record by record. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "base/error.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "control/store/moment.h"

namespace plimsoll::control {

// On whose behalf something is changed.
struct Cause {
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  std::string comm;
  std::string rule;  // "request", "lease 12", "10-web.yaml: small".
  bool operator==(const Cause&) const = default;
};

// One value that can be changed: a file of a group, or a device's line of it.
struct Spot {
  limit::Place at;
  std::string file;
  std::string key;
  bool operator==(const Spot&) const = default;
  auto operator<=>(const Spot& other) const {
    return std::tie(at.hierarchy, at.inode, at.cgroup, file, key) <=>
           std::tie(other.at.hierarchy, other.at.inode, other.at.cgroup, other.file, other.key);
  }
};
[[nodiscard]] Spot spot_of(const limit::Write& write);

// A value to come back to: as it reads, and the writes that make it so.
struct Before {
  std::string text;
  std::vector<limit::UndoWrite> writes;
  bool operator==(const Before&) const = default;
};

enum class Purpose : std::uint8_t {
  kSet,      // Also unset: the kernel's default is a value like others.
  kLease,    // Until its time is over.
  kRestore,  // To the value that was found.
  kExpire,   // To the value from before a lease.
  kRepair    // A foreign write is taken back.
};

// The engine started, and read what is before this record.
struct Started {
  Moment at;
  bool operator==(const Started&) const = default;
};

// A change comes next, and this is all of it. On the medium before the kernel hears of it.
struct Begun {
  std::uint64_t id = 0;
  Purpose purpose{};
  Moment at;
  std::chrono::nanoseconds lease{};  // With kLease.
  Cause cause;
  std::vector<limit::Write> writes;
  bool operator==(const Begun&) const = default;
};

enum class Step : std::uint8_t { kBeforeWrite, kAfterWrite, kBeforeUndo, kAfterUndo };

struct Stepped {
  std::uint64_t id = 0;
  std::uint32_t write = 0;
  Step step{};
  limit::WriteState state{};  // After a step.
  std::string read_back;
  bool operator==(const Stepped&) const = default;
};

struct Ended {
  std::uint64_t id = 0;
  limit::Applied::End end{};
  std::vector<std::uint32_t> stuck;  // Writes that could not be taken back.
  bool operator==(const Ended&) const = default;
};

// Of a spot that differs from what was found. Written when the journal is written anew; until then
// it follows from the changes.
struct Found {
  Spot spot;
  Before found;
  std::string ours;  // What it reads as since our last change.
  std::string rule;  // On whose behalf: Cause::rule of that change; of a lease's the one before.
  bool operator==(const Found&) const = default;
};

struct LeasedSpot {
  Spot spot;
  Before before;
  bool operator==(const LeasedSpot&) const = default;
};

// As Found: only in a journal that was written anew.
struct Lease {
  std::uint64_t id = 0;  // Of the change that began it.
  Moment granted;
  std::chrono::nanoseconds length{};
  Cause cause;
  std::vector<LeasedSpot> spots;
  bool operator==(const Lease&) const = default;
};

// The lease is over where a later one holds; that one goes back further now.
struct LeaseEnded {
  std::uint64_t id = 0;
  bool operator==(const LeaseEnded&) const = default;
};

// The group is gone, and everything about it with it.
struct Forgotten {
  limit::Place place;
  bool operator==(const Forgotten&) const = default;
};

// The spot is as it was found, or shall stay as it is: there is nothing to come back to, and no
// lease on it.
struct Returned {
  Spot spot;
  bool operator==(const Returned&) const = default;
};

// The number of the last change, in a journal that was written anew.
struct Counted {
  std::uint64_t last_id = 0;
  bool operator==(const Counted&) const = default;
};

using Record = std::variant<Started, Begun, Stepped, Ended, Found, Lease, LeaseEnded, Forgotten,
                            Counted, Returned>;

[[nodiscard]] std::string encode(const Record& record);
// kMalformed: what a good checksum does not make right, such as the record of a later version.
[[nodiscard]] Result<Record> decode(std::string_view bytes);

}  // namespace plimsoll::control
