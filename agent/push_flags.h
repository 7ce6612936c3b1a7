// The `--push.*` flags of `plimsoll exporter`. CLI11 stays in the .cc.
#pragma once

#include "agent/push_setup.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// Adds the flags to `app`; parsing fills `config`, which must outlive it.
void add_push_flags(CLI::App& app, PushConfig& config);

}  // namespace plimsoll::agent
