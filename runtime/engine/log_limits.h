// When a container's log begins a new file: --log-opt max-size=10k --log-opt max-file=3.
#pragma once

#include "runtime/model/host_config.h"
#include "runtime/model/refusal.h"
#include "runtime/shim/log_file.h"

namespace plimsoll::engine {

// As dockerd reads them: k, m and g are powers of 1000. What it refuses is refused when the
// container starts, with its words: "failed to initialize logging driver: invalid size: 'much'".
// Pure.
[[nodiscard]] model::Answer<shim::LogLimits> log_limits_of(const model::LogConfig& config);

}  // namespace plimsoll::engine
