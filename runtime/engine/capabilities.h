// Which capabilities a container has: Docker's fourteen, what was added, what was taken away.
#pragma once

#include <string>
#include <vector>

#include "runtime/model/refusal.h"
#include "runtime/spec/config.h"

namespace plimsoll::engine {

struct CapabilityRequest {
  bool privileged = false;
  const std::vector<std::string>& add;
  const std::vector<std::string>& drop;
};
// `ours`: the bounding set of this program, beyond which nothing can be given.
[[nodiscard]] model::Answer<spec::CapabilitySet> capabilities_of(const CapabilityRequest& request,
                                                                 spec::CapabilitySet ours);
[[nodiscard]] spec::CapabilitySet own_bounding_set();
[[nodiscard]] std::vector<std::string> names_of(spec::CapabilitySet set);

}  // namespace plimsoll::engine
