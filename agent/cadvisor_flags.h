// cAdvisor's command line (v0.60.5), so that a unit file written for it starts this exporter: flags
// with a meaning here set it, the others are named in a warning. Flags that have the same name and
// meaning as ours are in exporter_flags.cc.
#pragma once

#include "agent/exporter_command.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// `config` must outlive `app`. Warnings go to config.warnings.
void add_cadvisor_flags(CLI::App& app, ExporterConfig& config);

}  // namespace plimsoll::agent
