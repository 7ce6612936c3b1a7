// Named directories that outlive containers: STATE_DIR/volumes/<name>/{volume.json,_data}.
//
// Thread: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/engine/engine.h"
#include "runtime/model/refusal.h"

namespace plimsoll::engine {

class Volumes {
 public:
  // What a death left half made is removed.
  [[nodiscard]] static Result<std::unique_ptr<Volumes>> open(std::string directory);

  [[nodiscard]] std::vector<Volume> list() const;  // By name.
  [[nodiscard]] model::Answer<Volume> find(std::string_view name) const;
  struct Made {
    Volume volume;
    bool is_new = false;
  };
  // One of that name is taken as it is. An empty name: one is made up.
  [[nodiscard]] model::Answer<Made> create(Volume asked);
  // kConflict while a container has it in use.
  [[nodiscard]] model::Answer<> remove(const std::string& name);

  // A volume with a device (--opt device=...) is mounted as long as somebody holds it.
  [[nodiscard]] Result<> hold(const std::string& name, const std::string& container);
  void release(const std::string& name, const std::string& container);

 private:
  explicit Volumes(std::string directory) : directory_(std::move(directory)) {}
  Result<> load();

  std::string directory_;
  mutable std::mutex mutex_;
  std::map<std::string, Volume, std::less<>> volumes_;
  std::map<std::string, std::set<std::string>> holders_;  // Of those with a device.
};

// Bytes that files take on the disk.
[[nodiscard]] std::uint64_t disk_usage(const std::string& path);

}  // namespace plimsoll::engine
