// Walking a YAML document of known shape: every error names the line and the key, a key nobody asks
// for is an error. Internal: yaml-cpp stays in the files that include this.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::http {

// A node and how one gets there: "tls_server_config.min_version".
struct Place {
  YAML::Node node;
  std::string path;         // "" at the top.
  const std::string& file;  // Must outlive the place.

  // kInvalidInput: "web.yml:12: tls_server_config.min_version: WHY".
  [[nodiscard]] Failure refuse(const std::string& why) const;
};

struct Key {
  std::string_view name;
  std::function<Result<>(const Place&)> read;
};

// A map whose keys are all among `keys`, each given once. Nothing at all counts as an empty map.
[[nodiscard]] Result<> read_map(const Place& place, std::span<const Key> keys);
// A map with any keys.
[[nodiscard]] Result<> read_entries(
    const Place& place, const std::function<Result<>(const std::string& key, const Place&)>& read);
// "" when it is empty.
[[nodiscard]] Result<std::string> read_text(const Place& place);
[[nodiscard]] Result<bool> read_bool(const Place& place);
[[nodiscard]] Result<std::vector<Place>> read_list(const Place& place);

}  // namespace plimsoll::http
