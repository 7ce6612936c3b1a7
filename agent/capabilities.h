// Which capabilities the exporter can use, for which metric group, and why. The one table behind
// what is kept at start, what `plimsoll doctor` says is missing, and docs/security.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cgroupfs/read/group.h"

namespace plimsoll::agent {

// A set of capabilities, one bit each, as the kernel prints it ("CapEff").
using CapabilityMask = std::uint64_t;

struct CapabilityUse {
  unsigned number;
  std::string_view name;  // "CAP_SYS_PTRACE"
  // What wants it; kAlways: names and labels, which no flag switches off.
  cgroupfs::Group group;
  std::string_view lost;  // Without it: "names, images and labels from runtimes' state files".
};

[[nodiscard]] std::span<const CapabilityUse> capability_uses();

// "CAP_SYS_PTRACE"; "CAP_63" for one nobody has named.
[[nodiscard]] std::string capability_name(unsigned number);

[[nodiscard]] CapabilityMask wanted_capabilities(const cgroupfs::GroupSet& groups);
// The uses of chosen groups for which `have` lacks the capability.
[[nodiscard]] std::vector<CapabilityUse> missing_capabilities(const cgroupfs::GroupSet& groups,
                                                              CapabilityMask have);

// "process: open descriptors and IO of other users' processes"; kAlways is called "names".
[[nodiscard]] std::string use_text(const CapabilityUse& use);
[[nodiscard]] std::string_view group_word(const CapabilityUse& use);

// Of this thread.
struct HeldCapabilities {
  CapabilityMask effective = 0;
  CapabilityMask permitted = 0;
};
[[nodiscard]] Result<HeldCapabilities> held_capabilities();

}  // namespace plimsoll::agent
