// How often a number was seen, in steps of about three percent: what a day of samples of one
// container needs to tell its percentiles in a few hundred bytes. Pure.
#pragma once

#include <cstdint>
#include <map>

#include "control/policy/amount.h"

namespace plimsoll::control {

class Histogram {
 public:
  void add(std::uint64_t value, std::uint32_t times = 1);
  void add(const Histogram& other);
  [[nodiscard]] bool empty() const { return total_ == 0; }

  // 0 to 1, to within a step; 0 of nothing.
  [[nodiscard]] double share_above(std::uint64_t value) const;

  // Of both together. The 95th percentile by the nearest rank, never below the true one, and above
  // it by a step at the most; nothing was seen: 0.
  [[nodiscard]] static policy::Use use_of(const Histogram& one, const Histogram& other);

 private:
  std::map<std::uint16_t, std::uint32_t> counts_;  // By step: containers live in few of them.
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace plimsoll::control
