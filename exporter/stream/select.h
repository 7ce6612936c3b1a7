// Which rows of a snapshot a request is about: filters of the JSON API and streams, and references
// to one container.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/glob.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

using Parameters = std::span<const std::pair<std::string, std::string>>;

// Filters of one kind are alternatives, kinds are combined: name=a&name=b&runtime=docker is (a or
// b) and docker.
struct Selection {
  bool all = false;  // Also services, slices and bare cgroups; without it containers only.
  std::vector<std::string> names;  // Exact, or with * and ? as in a shell.
  std::vector<std::string> ids;    // Prefix of the id.
  std::vector<std::string>
      runtimes;  // "docker", "systemd"; naming one that is no container runtime implies `all`.
  std::vector<std::string> images;   // As names.
  std::vector<std::string> labels;   // "key" or "key=value".
  std::vector<std::string> cgroups;  // As names; * also matches "/". Implies `all`.

  // Equal selections have equal keys: frames are formatted once per key.
  [[nodiscard]] std::string key() const;
};

// Takes all= name= id= runtime= image= label= cgroup= (repeatable) and leaves other parameters
// alone. kInvalidInput for an unknown runtime or a boolean that is none.
[[nodiscard]] Result<Selection> parse_selection(Parameters parameters);

[[nodiscard]] bool matches(const inventory::Identity& identity, const Selection& selection);
[[nodiscard]] std::vector<std::size_t> select_rows(const Snapshot& snapshot,
                                                   const Selection& selection);

// One container by full id, name, unique id prefix, or cgroup path (with or without the leading
// slash); in this order. kNotOffered when nothing matches, kInvalidInput when a prefix or name is
// ambiguous (the subject lists them).
[[nodiscard]] Result<std::size_t> find_row(const Snapshot& snapshot, std::string_view reference);

using plimsoll::glob_match;

// "1s", "500ms", "1m", "2h", or plain seconds "1.5". Nothing for anything else, or below zero.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace plimsoll::exporter
