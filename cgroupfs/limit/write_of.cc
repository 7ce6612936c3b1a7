#include "cgroupfs/limit/write_of.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "cgroupfs/limit/apply.h"

namespace plimsoll::limit {
namespace {

std::size_t hierarchy_of(const KernelModel& model, const Change& change) {
  if (!change.knob || change.file == "cgroup.freeze") return model.view().unified.value_or(0);
  return model.view().of(info_of(*change.knob).controller).hierarchy;
}

// What takes the line of a device away.
std::string no_line(std::string_view file) {
  if (file == "io.max") return "rbps=max wbps=max riops=max wiops=max";
  if (file == "io.latency") return "target=max";
  if (file == "io.cost.qos") return "enable=0";
  if (file == "io.cost.model") return "ctrl=auto";
  return file.starts_with("blkio.throttle.") ? "0" : "default";
}

// A v2 group must not lose its own list while it has processes (ENOSPC in validate_change of
// kernel/cgroup/cpuset.c); what its ancestors have is the same for now.
std::optional<std::string> stands_for_none(const KernelModel& model, const Change& change) {
  const auto& cpuset = model.view().of(cgroupfs::Controller::kCpuset);
  const bool list = change.file == "cpuset.cpus" || change.file == "cpuset.mems";
  const auto above = model.parent(change.group);
  if (!list || cpuset.version != 2 || !above || !model.populated(change.group, cpuset.hierarchy))
    return std::nullopt;
  return model.effective(*above, std::string_view(change.file).substr(sizeof("cpuset.") - 1))
      .text();
}

std::vector<UndoWrite> undo_of(const KernelModel& model, const Change& change,
                               const std::string& old_text, const std::string& text) {
  const std::string& file = change.file;
  if (file == "cgroup.subtree_control") return {{file, "-" + text.substr(1)}};
  if (file == "memory.oom_control") return {{file, old_text}};
  if (file == "freezer.state") {
    // Frozen by an ancestor is not frozen by itself.
    const std::string* self = model.text(change.group, "freezer.self_freezing");
    const bool on = self != nullptr ? *self == "1" : old_text != "THAWED";
    return {{file, on ? "FROZEN" : "THAWED"}};
  }
  if (file == "cpu.idle" && old_text == "0") {
    // Its weight is lost when a group becomes idle.
    for (const char* weight : {"cpu.shares", "cpu.weight"})
      if (const std::string* was = model.text(change.group, weight))
        return {{file, "0"}, {weight, *was}};
  }
  if (!change.key.empty())
    return {{file, change.key + " " + (old_text.empty() ? no_line(file) : old_text)}};
  if (old_text.empty())
    if (auto list = stands_for_none(model, change)) return {{file, *std::move(list)}};
  return {{file, old_text}};
}

}  // namespace

Write describe(const KernelModel& model, const Change& change, const std::string& text) {
  const GroupView& group = model.view().groups[change.group];
  Write write;
  const std::size_t hierarchy = hierarchy_of(model, change);
  write.at = {group.path, hierarchy, group.inode[hierarchy]};
  write.file = change.file;
  write.knob = change.knob;
  write.key = change.key;
  if (const std::string* now = model.text(change.group, change.file))
    write.old_text = line_of(*now, change.key);
  write.new_text = text;
  write.reason = change.reason;
  write.hazard = change.hazard;
  write.undo = undo_of(model, change, write.old_text, text);
  return write;
}

void add_effective(const KernelModel& model, const Change& change, Write& write) {
  if (model.view().of(cgroupfs::Controller::kCpuset).version != 2) return;
  if (change.file != "cpuset.cpus" && change.file != "cpuset.mems") return;
  const std::string file = change.file + ".effective";
  if (model.text(change.group, file) == nullptr) return;
  write.effective_file = file;
  write.effective_text =
      model.effective(change.group, std::string_view(change.file).substr(7)).text();
}

std::string why_refused(const KernelModel& model, const Change& change, int os_error) {
  std::string name = ::strerrorname_np(os_error);
  const auto above = model.parent(change.group);
  if (change.file.starts_with("cpuset.")) {
    if (os_error == EACCES && above)
      return name + ", its parent has only " + *model.text(*above, change.file);
    if (os_error == EBUSY) return name + ", one of its children has more";
    if (os_error == ENOSPC) return name + ", it has processes";
    if (os_error == ERANGE || os_error == EINVAL) return name + ", this host does not have them";
  }
  if (change.file.starts_with("cpu.cfs_"))
    return name + ", more than its parent's, less than a child's, or below its burst";
  if (change.file == "cpu.shares" || change.file == "cpu.weight")
    return name + ", an idle group has no weight";
  if (change.file == "cgroup.subtree_control" && os_error == EBUSY)
    return name + ", " + model.view().groups[change.group].path +
           " has processes of its own: move them into a child first";
  if (os_error == ENODEV) return name + ", there is no such disk";
  if (os_error == ENOENT) return name + ", there is no such file";
  return name;
}

}  // namespace plimsoll::limit
