// For tests: the shape of a JSON document as sorted lines, "stats[].cpu.usage.total number", to be
// compared with a file. Values are left to tests of their own.
#pragma once

#include <string>

namespace plimsoll::exporter {

// Keys that are data (paths, page sizes, device numbers) become "*".
[[nodiscard]] std::string shape_of(const std::string& json);

// exporter/cadvisor/golden/<name>.
[[nodiscard]] std::string golden(const std::string& name);

}  // namespace plimsoll::exporter
