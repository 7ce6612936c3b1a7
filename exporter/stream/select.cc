#include "exporter/stream/select.h"

#include <algorithm>
#include <array>

#include "base/number.h"

namespace plimsoll::exporter {

namespace {

using inventory::Identity;
using inventory::Runtime;

constexpr std::array kRuntimes = {Runtime::kRoot,       Runtime::kDocker, Runtime::kPodman,
                                  Runtime::kContainerd, Runtime::kCrio,   Runtime::kKubernetes,
                                  Runtime::kLxc,        Runtime::kNspawn, Runtime::kPlimsoll,
                                  Runtime::kSystemd,    Runtime::kCgroup};
constexpr std::array kNoContainers = {Runtime::kRoot, Runtime::kKubernetes, Runtime::kSystemd,
                                      Runtime::kCgroup};

std::string runtime_words() {
  std::string words;
  for (const Runtime runtime : kRuntimes) {
    if (!words.empty()) words += ", ";
    words += name_of(runtime);
  }
  return words;
}

bool any_glob(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const auto& p) { return glob_match(p, text); });
}

bool has_label(const Identity& identity, std::string_view wanted) {
  const std::size_t equals = wanted.find('=');
  const std::string_view key = wanted.substr(0, equals);
  return std::ranges::any_of(identity.labels, [&](const auto& label) {
    return label.first == key &&
           (equals == std::string_view::npos || label.second == wanted.substr(equals + 1));
  });
}

std::optional<bool> to_bool(std::string_view text) {
  if (text == "1" || text == "true" || text.empty()) return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

Failure ambiguous(const Snapshot& snapshot, std::string_view reference,
                  const std::vector<std::size_t>& rows) {
  std::string text = "'" + std::string(reference) + "' is ambiguous:";
  for (std::size_t i = 0; i < rows.size() && i < 5; ++i) {
    const Identity& identity = *snapshot.rows[rows[i]].identity;
    text += " " + identity.display + " (" + identity.cgroup + ")";
  }
  if (rows.size() > 5) text += " and " + std::to_string(rows.size() - 5) + " more";
  return invalid_input("find container", text + "; give more of the id");
}

}  // namespace

std::string Selection::key() const {
  std::string key = all ? "all" : "containers";
  const auto add = [&](char kind, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      key += '\0';
      key += kind;
      key += value;
    }
  };
  add('n', names);
  add('d', ids);
  add('r', runtimes);
  add('i', images);
  add('l', labels);
  add('c', cgroups);
  return key;
}

Result<Selection> parse_selection(Parameters parameters) {
  Selection selection;
  for (const auto& [name, value] : parameters) {
    if (name == "all") {
      const auto on = to_bool(value);
      if (!on) return invalid_input("query", "all=" + value + ": give true or false");
      selection.all = *on || selection.all;
    } else if (name == "name") {
      selection.names.push_back(value);
    } else if (name == "id") {
      selection.ids.push_back(value);
    } else if (name == "image") {
      selection.images.push_back(value);
    } else if (name == "label") {
      selection.labels.push_back(value);
    } else if (name == "cgroup") {
      selection.cgroups.push_back(value);
      selection.all = true;
    } else if (name == "runtime") {
      const auto known =
          std::ranges::find_if(kRuntimes, [&](Runtime r) { return name_of(r) == value; });
      if (known == kRuntimes.end())
        return invalid_input("query", "runtime=" + value + ": give one of " + runtime_words());
      if (std::ranges::find(kNoContainers, *known) != kNoContainers.end()) selection.all = true;
      selection.runtimes.push_back(value);
    }
  }
  return selection;
}

bool matches(const Identity& identity, const Selection& selection) {
  if (!selection.all && !identity.is_container()) return false;
  if (!selection.names.empty() && !any_glob(selection.names, identity.name) &&
      !any_glob(selection.names, identity.display))
    return false;
  if (!selection.ids.empty() && std::ranges::none_of(selection.ids, [&](const auto& id) {
        return identity.id.starts_with(id);
      }))
    return false;
  if (!selection.runtimes.empty() &&
      std::ranges::find(selection.runtimes, name_of(identity.runtime)) == selection.runtimes.end())
    return false;
  if (!selection.images.empty() && !any_glob(selection.images, identity.image)) return false;
  if (!selection.labels.empty() &&
      std::ranges::none_of(selection.labels, [&](const auto& l) { return has_label(identity, l); }))
    return false;
  return selection.cgroups.empty() || any_glob(selection.cgroups, identity.cgroup);
}

std::vector<std::size_t> select_rows(const Snapshot& snapshot, const Selection& selection) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row)
    if (matches(*snapshot.rows[row].identity, selection)) rows.push_back(row);
  return rows;
}

Result<std::size_t> find_row(const Snapshot& snapshot, std::string_view reference) {
  if (reference.empty()) return invalid_input("find container", "empty reference");
  std::vector<std::size_t> by_id;
  std::vector<std::size_t> by_name;
  std::vector<std::size_t> by_prefix;
  std::optional<std::size_t> by_path;
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    const Identity& identity = *snapshot.rows[row].identity;
    if (identity.id == reference) by_id.push_back(row);
    if (identity.is_container() && identity.name == reference) by_name.push_back(row);
    if (identity.is_container() && identity.id.starts_with(reference)) by_prefix.push_back(row);
    if (identity.cgroup == reference ||
        (!identity.cgroup.empty() && std::string_view(identity.cgroup).substr(1) == reference))
      by_path = row;
  }
  for (const auto* candidates : {&by_id, &by_name, &by_prefix}) {
    if (candidates->size() == 1) return candidates->front();
    if (candidates->size() > 1) return ambiguous(snapshot, reference, *candidates);
  }
  if (by_path) return *by_path;
  return failure(
      ErrorKind::kNotOffered, "find container",
      "'" + std::string(reference) +
          "': no such container, id prefix or cgroup; /api/v1/containers?all=true lists them");
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double scale = 1e9;
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
      {{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [suffix, unit] : kUnits) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(suffix.size());
    scale = unit;
    break;
  }
  const auto value = to_double(text);
  if (!value || !(*value >= 0) || *value * scale > 9e18) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*value * scale));
}

}  // namespace plimsoll::exporter
