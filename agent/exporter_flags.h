// The command line of `plimsoll exporter`. CLI11 stays in the .cc.
#pragma once

#include "agent/exporter_command.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// Adds the flags to `app`; parsing fills `config`, which must outlive it. Values that do not fit
// are usage errors.
void add_exporter_flags(CLI::App& app, ExporterConfig& config);
// Flags every command that samples by itself shares: the roots and the runtimes' places.
void add_root_flags(CLI::App& app, exporter::SamplerConfig& config);

// cAdvisor's rule: a non-empty enable list is the whole set; else a given disable list replaces the
// default-off set. kInvalidInput names the unknown group and lists the known ones.
[[nodiscard]] Result<cgroupfs::GroupSet> choose_groups(const std::string* disable,
                                                       const std::string* enable);

}  // namespace plimsoll::agent
