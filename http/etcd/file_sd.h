// Prometheus' file_sd_configs: what a registered value says about targets, and the file.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::etcd {

// The member "targets" of a registered JSON object: [{"targets":["HOST:PORT"],"labels":{...}}], as
// Prometheus has it. Printed anew, a group a line, labels sorted, joined by ",\n"; "" when it is
// absent or empty. Labels whose names Prometheus would refuse are left out. kMalformed when it is
// anything else: one bad list would make Prometheus drop the whole file. Pure.
[[nodiscard]] Result<std::string> target_groups(std::string_view value);

// The file, whole or as it was before, and after a power cut too: written beside it (PATH.tmp,
// 0644), synced, renamed.
[[nodiscard]] Result<> replace_file(const std::string& path, std::string_view text);

}  // namespace plimsoll::etcd
