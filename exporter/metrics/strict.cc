#include "exporter/metrics/strict.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

namespace plimsoll::exporter {

namespace {

using Names = std::set<std::string_view>;

// The names in a block that render_labels made: name="value",name="value".
Names names_in(std::string_view block) {
  Names names;
  while (!block.empty()) {
    const std::size_t equals = block.find('=');
    if (equals == std::string_view::npos) break;
    names.insert(block.substr(0, equals));
    std::size_t end = equals + 2;  // Behind the opening quote.
    while (end < block.size() && block[end] != '"') end += block[end] == '\\' ? 2 : 1;
    block.remove_prefix(std::min(block.size(), end + 2));
  }
  return names;
}

std::string completed(const std::string& block, const Names& all) {
  const Names own = names_in(block);
  std::string text = block;
  for (const std::string_view name : all) {
    if (own.contains(name)) continue;
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"\"";
  }
  return text;
}

using Block = std::shared_ptr<const std::string>;

}  // namespace

bool invents_zeros(std::string_view family) {
  return family.starts_with("container_");
}

bool is_stamped(std::string_view family) {
  if (family.ends_with("_scrape_error") || family == "container_creation_time_seconds" ||
      family == "container_start_time_seconds")
    return false;
  if (family.starts_with("container_")) return !family.starts_with("container_spec_");
  return family.starts_with("machine_");
}

Snapshot with_label_union(const Snapshot& snapshot) {
  Snapshot united = snapshot;
  Names all;
  const auto collect = [&](const Block& block) {
    if (block) all.merge(names_in(*block));
  };
  for (const Row& row : snapshot.rows) collect(row.labels);
  for (const Tombstone& ended : snapshot.tombstones) collect(ended.labels);
  const auto complete = [&](Block& block) {
    if (block) block = std::make_shared<const std::string>(completed(*block, all));
  };
  for (Row& row : united.rows) complete(row.labels);
  for (Tombstone& ended : united.tombstones) complete(ended.labels);
  return united;
}

}  // namespace plimsoll::exporter
