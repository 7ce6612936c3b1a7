// The command line of `plimsoll exporter`. CLI11 stays in the .cc.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/exporter_command.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plimsoll::agent {

// Adds the flags to `app`; parsing fills `config`, which must outlive it. Values that do not fit
// are usage errors.
void add_exporter_flags(CLI::App& app, ExporterConfig& config);
// Flags every command that samples by itself shares: the roots and the runtimes' places.
void add_root_flags(CLI::App& app, exporter::SamplerConfig& config);

// What several files of flags need: a comma-separated list without empty entries, and an option
// that takes a time such as 500ms, 5s or Go's 1m0s.
[[nodiscard]] std::vector<std::string> split(const std::string& list);
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& target,
                          std::chrono::nanoseconds shortest, const std::string& help);

}  // namespace plimsoll::agent
