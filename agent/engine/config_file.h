// The engine's config file: YAML with the flags' names for keys.
//
//   state-dir: /var/lib/plimsoll
//   events.webhook: [http://127.0.0.1:9000/hook]
//   log: {level: warn}      # the same as log.level: warn
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/engine/settings.h"
#include "control/policy/problem.h"

namespace plimsoll::agent {

// Puts what the text says into the settings. All that is wrong with it, each with its place; then
// the settings are not to be used. `file` is how messages call it. Pure.
[[nodiscard]] std::vector<policy::Problem> take_config(const std::string& file,
                                                       std::string_view text,
                                                       std::span<const Setting> settings);

// The same from the disk. The file must belong to `owner` or root and be writable by nobody else:
// it names programs that the engine runs.
[[nodiscard]] std::vector<policy::Problem> take_config_file(const std::string& path, uid_t owner,
                                                            std::span<const Setting> settings);

}  // namespace plimsoll::agent
