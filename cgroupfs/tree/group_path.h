// A group's path taken apart and put together: "/" is the root, "/docker/<id>" two below it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace plimsoll::cgroupfs {

// Relative to the hierarchy's root directory.
[[nodiscard]] inline std::string relative(const std::string& path) {
  return path == "/" ? "." : path.substr(1);
}

[[nodiscard]] inline std::string child_path(std::string_view parent, std::string_view name) {
  std::string path(parent == "/" ? "" : parent);
  path += '/';
  path += name;
  return path;
}

// Of "/a/b" "/a", of "/a" the root.
[[nodiscard]] inline std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

[[nodiscard]] inline std::size_t depth_of(const std::string& path) {
  return path == "/" ? 0 : static_cast<std::size_t>(std::ranges::count(path, '/'));
}

}  // namespace plimsoll::cgroupfs
