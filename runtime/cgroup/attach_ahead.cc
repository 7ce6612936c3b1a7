#include "runtime/cgroup/attach_ahead.h"

#include <fcntl.h>

#include "base/read_file.h"
#include "base/text.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {

// Lines like "8:pids:/system.slice/x.service". The controller's directory, or a link of its name,
// is where every host has it; a hierarchy of several is mounted under all of their names.
std::optional<std::string> own_v1_procs(std::string_view self_cgroup) {
  for (std::string_view line; next_line(self_cgroup, line);) {
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    line.remove_prefix(first + 1);
    const std::size_t second = line.find(':');
    if (second == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, second);
    const std::string_view path = line.substr(second + 1);
    // pids and freezer are neither named together with others nor do they cost anything to enter.
    if (name != "pids" && name != "freezer") continue;
    if (!path.starts_with('/') || path.starts_with("/..")) return std::nullopt;
    return std::string(name) + std::string(path == "/" ? "" : path) + "/cgroup.procs";
  }
  return std::nullopt;
}

Result<> attach_ahead(const char* cgroup_root, const char* self_cgroup) {
  const std::string text = PLIMSOLL_TRY(read_file_at(DirFd(AT_FDCWD), self_cgroup));
  const auto procs = own_v1_procs(text);
  if (!procs) return {};
  const DirFd root = PLIMSOLL_TRY(open_dir(cgroup_root));
  // "0" is the writer's own process.
  return write_once(root, *procs, "0");
}

}  // namespace plimsoll::runtime
