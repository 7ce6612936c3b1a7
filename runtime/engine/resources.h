// Docker's limits as config.json has them.
#pragma once

#include <string>
#include <vector>

#include "runtime/model/host_config.h"
#include "runtime/spec/resources.h"

namespace plimsoll::engine {

enum class CgroupVersion : bool { kV1, kV2 };

// `linux.resources` without devices: kInvalid for a block device that is not there.
[[nodiscard]] model::Answer<spec::Resources> resources_of(const model::Resources& asked,
                                                          CgroupVersion version);
[[nodiscard]] std::string to_json(const spec::Resources& resources);

// What an update asked for on top of what was in force. kConflict and kInvalid in Docker's words.
[[nodiscard]] model::Answer<model::Resources> updated(const std::string& id,
                                                      const model::Resources& old,
                                                      const model::Resources& asked);

}  // namespace plimsoll::engine
