// memory.numa_stat: how a group's memory is spread over the nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

enum class NumaKind : std::uint8_t { kFile, kAnon, kUnevictable };

struct NumaEntry {
  NumaKind kind = NumaKind::kFile;
  bool hierarchical = false;  // With the descendants. v2 numbers always are.
  std::uint32_t node = 0;
  std::uint64_t value = 0;  // v1: pages. v2: bytes.
  bool operator==(const NumaEntry&) const = default;
};

enum class NumaFormat : std::uint8_t {
  kV1,  // "file=12 N0=8 N1=4\n...hierarchical_file=12 N0=8 N1=4\n"; hierarchical_ since Linux 3.17.
  kV2   // "file N0=32768 N1=16384\n"; Linux 5.10.
};

// One entry per kept line and node. Lines of other kinds ("total", "slab", ...) are skipped.
// Pulled, without allocation: a caller must be ready for an error after some entries.
class NumaStat {
 public:
  NumaStat(std::string_view text, NumaFormat format) : lines_(text), format_(format) {}
  [[nodiscard]] Result<std::optional<NumaEntry>> next();

 private:
  Lines lines_;
  NumaFormat format_;
  NumaEntry entry_;        // Kind of the line in hand.
  std::string_view line_;  // Whole, for errors.
  std::string_view rest_;  // Its nodes still to come.
};

}  // namespace plimsoll::cgroupfs
