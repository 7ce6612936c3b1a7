// Cgroup paths of the kernel's log as paths of ours. The log names groups from the very root of the
// tree; inside a cgroup namespace (a node that is a container itself, an exporter in one) our root
// may be any group of that tree, and nobody inside is told which.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace plimsoll::cgroupfs {

enum class CgroupView : std::uint8_t {
  kWhole,     // In the kernel's first cgroup namespace: paths are the same.
  kNamespace  // Our root is to be found out.
};
// Of a proc file system that does not tell (a recorded one): kWhole.
[[nodiscard]] CgroupView cgroup_view(const DirFd& proc);

class LogPaths {
 public:
  // Is that path of ours a container whose id can be no other's?
  using IsOurContainer = std::function<bool(std::string_view path)>;

  explicit LogPaths(CgroupView view) {
    if (view == CgroupView::kWhole) root_.emplace();
  }

  // Our path of the group; nothing when it is outside our tree, or cannot be told yet: the first
  // kill in a container of ours tells where our root is.
  [[nodiscard]] std::optional<std::string> ours(std::string_view logged,
                                                const IsOurContainer& is_our_container);
  [[nodiscard]] bool knows_root() const { return root_.has_value(); }

 private:
  std::optional<std::string> root_;  // "/docker/node-1"; "" when it is the very root.
};

}  // namespace plimsoll::cgroupfs
