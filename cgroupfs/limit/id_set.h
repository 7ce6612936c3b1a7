// Sets of CPU or memory node numbers, as cpuset files have them: "0-3,7".
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::limit {

// A value; no shared state. Numbers are below kMaxId, so a hostile "0-4294967295" costs nothing.
class IdSet {
 public:
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    auto operator<=>(const Range&) const = default;
  };
  // Above NR_CPUS of every distribution (8192) and MAX_NUMNODES (1024).
  static constexpr std::uint32_t kMaxId = 1U << 20;

  IdSet() = default;
  IdSet(std::initializer_list<Range> ranges);

  // "0-3,7", "" (the empty set); blanks and one newline at the end are trimmed. Ranges may overlap
  // and stand in any order, as the kernel accepts them (lib/bitmap-str.c); its "0-7:1/2" and "all"
  // are not accepted. kInvalidInput names the range that is none.
  [[nodiscard]] static Result<IdSet> parse(std::string_view text);

  // As the kernel prints it: sorted, merged, no blanks.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] bool subset_of(const IdSet& other) const;
  [[nodiscard]] IdSet united(const IdSet& other) const;
  [[nodiscard]] IdSet intersected(const IdSet& other) const;
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const IdSet&) const = default;

 private:
  void normalise();
  std::vector<Range> ranges_;  // Sorted, disjoint, not adjacent.
};

}  // namespace plimsoll::limit
