#include "exporter/cadvisor/test_shape.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace plimsoll::exporter {

namespace {

bool is_data(const std::string& parent, const std::string& key) {
  for (const char* map : {"labels", "envs", "hugetlb", "disk_map", "memory_by_type",
                          "numa_stats.file", "numa_stats.anon", "numa_stats.unevictable", ".stats"})
    if (parent.ends_with(map)) return true;
  return key.starts_with("/");
}

void walk(const nlohmann::json& value, const std::string& path, std::set<std::string>& lines) {
  if (value.is_object()) {
    if (value.empty()) lines.insert(path + " {}");
    for (const auto& [key, member] : value.items()) {
      const std::string name = is_data(path, key) ? "*" : key;
      walk(member, path.empty() ? name : path + "." + name, lines);
    }
  } else if (value.is_array()) {
    if (value.empty()) lines.insert(path + "[]");
    for (const auto& element : value) walk(element, path + "[]", lines);
  } else {
    lines.insert(path + " " + std::string(value.type_name()));
  }
}

}  // namespace

std::string shape_of(const std::string& json) {
  std::set<std::string> lines;
  walk(nlohmann::json::parse(json), "", lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(PLIMSOLL_SOURCE_DIR) + "/exporter/cadvisor/golden/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace plimsoll::exporter
