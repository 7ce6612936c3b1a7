// One OOM of a cgroup, as whoever asks later needs it: the event log and the counters both start
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace plimsoll::exporter {

enum class OomKind : std::uint8_t {
  kOom,  // The group hit its limit and reclaim did not help.
  kKill  // A process of the group was killed for it.
};

struct OomEvent {
  OomKind kind = OomKind::kKill;
  WallTime at;         // When it happened, as near as the source knows.
  std::string cgroup;  // Path from the root of the memory hierarchy: "/docker/<id>". For a kill it
                       // is the victim's own group (the kernel log's task_memcg), which may lie
                       // below the group whose limit was hit.
  std::string
      limited;  // The group whose limit was hit (the kernel log's oom_memcg); "" if unknown.
  // Known from the kernel log only; a counter that moved says neither.
  std::optional<std::int32_t> pid;
  std::string process;     // Command name, at most 15 bytes.
  std::string constraint;  // "CONSTRAINT_MEMCG", "CONSTRAINT_NONE" ...; "" if unknown.
  bool operator==(const OomEvent&) const = default;
};

}  // namespace plimsoll::exporter
