// Which metrics, with which labels: the flags that have cAdvisor's names.
#pragma once

#include <string>
#include <vector>

#include "agent/exporter_command.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// `config` must outlive `app`.
void add_metric_flags(CLI::App& app, ExporterConfig& config);

struct GroupChoice {
  cgroupfs::GroupSet groups = cgroupfs::GroupSet::defaults();
  std::vector<std::string> removed;  // Named, known once, and gone from cAdvisor: no error.
};
// cAdvisor's rule: a non-empty enable list is the whole set; else a given disable list replaces the
// default-off set. kInvalidInput names the unknown group and lists the known ones.
[[nodiscard]] Result<GroupChoice> choose_groups(const std::string* disable,
                                                const std::string* enable);

}  // namespace plimsoll::agent
