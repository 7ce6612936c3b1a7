// The two things one does with sysfs: read a line, list a directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/number.h"

namespace plimsoll::exporter {

// One line of a file, trimmed; "" if it cannot be read.
[[nodiscard]] std::string line_of(const DirFd& dir, const std::string& name);

template <class T = std::uint64_t>
[[nodiscard]] std::optional<T> number_of(const DirFd& dir, const std::string& name) {
  return to_number<T>(line_of(dir, name));
}

// Names in dir/`path` that begin with `prefix`, sorted; empty if the directory is not there.
[[nodiscard]] std::vector<std::string> names_in(const DirFd& dir, const std::string& path,
                                                std::string_view prefix);

// "node12" -> 12; nothing for other names.
[[nodiscard]] inline std::optional<std::uint32_t> number_after(std::string_view prefix,
                                                               std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return to_number<std::uint32_t>(name.substr(prefix.size()));
}

}  // namespace plimsoll::exporter
