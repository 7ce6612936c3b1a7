#include "exporter/cadvisor/reference.h"

#include <algorithm>

namespace plimsoll::exporter {

namespace {

using inventory::Identity;

bool is_below(std::string_view path, std::string_view above) {
  return above == "/" || path == above ||
         (path.starts_with(above) && path.size() > above.size() && path[above.size()] == '/');
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

ContainerReference reference_of(const Identity& identity) {
  ContainerReference reference;
  if (!identity.is_container()) return reference;
  reference.id = identity.id;
  reference.name_space = name_of(identity.runtime);
  if (!identity.name.empty()) reference.aliases.push_back(identity.name);
  if (identity.id != identity.name) reference.aliases.push_back(identity.id);
  return reference;
}

void write_reference(GoJson& json, const Identity& identity) {
  const ContainerReference reference = reference_of(identity);
  json.text_unless_empty("id", reference.id);
  json.text("name", identity.cgroup);
  if (!reference.aliases.empty()) {
    json.begin_array("aliases");
    for (const std::string& alias : reference.aliases) json.element(std::string_view(alias));
    json.end_array();
  }
  json.text_unless_empty("namespace", reference.name_space);
}

Result<std::size_t> find_by_path(const Snapshot& snapshot, std::string_view path) {
  const auto row = std::ranges::lower_bound(snapshot.rows, path, {}, [](const Row& candidate) {
    return std::string_view(candidate.identity->cgroup);
  });
  if (row == snapshot.rows.end() || row->identity->cgroup != path)
    return failure(ErrorKind::kNotOffered, "api", "unknown container " + quoted(path));
  return static_cast<std::size_t>(row - snapshot.rows.begin());
}

Result<std::size_t> find_by_alias(const Snapshot& snapshot, std::string_view alias,
                                  std::string_view name_space) {
  std::optional<std::size_t> by_prefix;
  bool ambiguous = false;
  for (const std::size_t row : all_of(snapshot, name_space)) {
    const ContainerReference reference = reference_of(*snapshot.rows[row].identity);
    if (std::ranges::find(reference.aliases, alias) != reference.aliases.end()) return row;
    const bool begins = std::ranges::any_of(
        reference.aliases, [&](const std::string& known) { return known.starts_with(alias); });
    if (begins && by_prefix) ambiguous = true;
    if (begins) by_prefix = row;
  }
  if (ambiguous)
    return invalid_input("api", "unable to find container in " + quoted(name_space) +
                                    " namespace. Container " + quoted(alias) + " is not unique");
  if (!by_prefix)
    return failure(
        ErrorKind::kNotOffered, "api",
        "unable to find container " + quoted(alias) + " in " + quoted(name_space) + " namespace");
  return *by_prefix;
}

std::vector<std::size_t> all_of(const Snapshot& snapshot, std::string_view name_space) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    const Identity& identity = *snapshot.rows[row].identity;
    if (identity.is_container() && name_of(identity.runtime) == name_space) rows.push_back(row);
  }
  return rows;
}

std::vector<std::size_t> subtree_of(const Snapshot& snapshot, std::string_view path) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row)
    if (is_below(snapshot.rows[row].identity->cgroup, path)) rows.push_back(row);
  return rows;
}

Result<std::vector<std::size_t>> requested(const Snapshot& snapshot, std::string_view path,
                                           const ApiOptions& options) {
  if (options.type == ApiIdType::kName) {
    if (!options.recursive) return std::vector{PLIMSOLL_TRY(find_by_path(snapshot, path))};
    std::vector<std::size_t> rows = subtree_of(snapshot, path);
    if (rows.empty())
      return failure(ErrorKind::kNotOffered, "api", "unknown container: " + quoted(path));
    return rows;
  }
  const std::string_view name_space = options.type == ApiIdType::kDocker ? "docker" : "podman";
  if (options.recursive) {
    if (path != "/")
      return invalid_input("api", "invalid request for " + std::string(name_space) + " container " +
                                      quoted(path) + " with subcontainers");
    return all_of(snapshot, name_space);
  }
  path.remove_prefix(1);
  return std::vector{PLIMSOLL_TRY(find_by_alias(snapshot, path, name_space))};
}

}  // namespace plimsoll::exporter
