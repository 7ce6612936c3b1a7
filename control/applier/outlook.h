// What limits would mean for a group as it is: what is left above its use, who binds before them,
// what would have happened under them in the time that was observed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cgroupfs/limit/limits.h"
#include "cgroupfs/limit/value.h"
#include "control/applier/ceilings.h"
#include "control/service/machine.h"
#include "control/usage/usage_book.h"

namespace plimsoll::control {

struct OutlookFacts {
  limit::Host host;
  std::vector<Above> above;  // The nearest first.
  Seen seen;
};

// What is known of the group now. Blocks as long as the kernel does.
[[nodiscard]] OutlookFacts outlook_facts(Machine& machine, const UsageBook& usage,
                                         const std::string& cgroup);

// Sentences, each about one of the settings; nothing about knobs of which nothing can be said.
// Pure.
[[nodiscard]] std::vector<std::string> outlook_of(std::span<const limit::Setting> wanted,
                                                  const OutlookFacts& facts);

}  // namespace plimsoll::control
