// containers-storage, which podman and CRI-O share: <root>/<driver>-containers/containers.json
// holds all containers in one array, so it is parsed once per change, not once per container.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "inventory/state_files.h"

namespace plimsoll::inventory {

struct StoredContainer {
  std::string name;      // The first of "names".
  std::string image_id;  // 64 digits.
  std::string layer;     // The writable one.
  std::string created;   // RFC 3339.
  // From "metadata", a JSON text of the engine's own.
  std::string image_name;
  bool in_pod = false;  // CRI-O's: of a Kubernetes pod.
  bool operator==(const StoredContainer&) const = default;
};
using StoredContainers = std::unordered_map<std::string, StoredContainer>;

// Both containers.json and volatile-containers.json (containers that a reboot ends). Pure.
[[nodiscard]] Result<StoredContainers> parse_stored_containers(std::string_view text);

class StorageIndex {
 public:
  explicit StorageIndex(StateFiles& files) : files_(files) {}

  // kNotOffered when the file or the container is not there.
  [[nodiscard]] Result<StoredContainer> find(const std::string& path, const std::string& id);
  // All of a file; good until the next call. kNotOffered when it is not there.
  [[nodiscard]] Result<const StoredContainers*> all(const std::string& path) { return load(path); }
  // A number that changes when the container's entry does; kNotOffered as above.
  [[nodiscard]] Result<std::uint64_t> version(const std::string& path, const std::string& id);

 private:
  struct Parsed {
    std::uint64_t version = 0;
    StoredContainers containers;
  };
  [[nodiscard]] Result<const StoredContainers*> load(const std::string& path);

  StateFiles& files_;
  std::unordered_map<std::string, Parsed> parsed_;
};

}  // namespace plimsoll::inventory
