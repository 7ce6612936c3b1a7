#include "runtime/cgroup/groups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/group_path.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {
namespace {

using cgroupfs::Controller;
using cgroupfs::Hierarchy;

enum class Made : std::uint8_t { kNow, kBefore };

// An empty v1 cpuset takes no process: what the parent has is written into it.
Result<> inherit_cpuset(const DirFd& root, const std::string& group) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    const std::string from = cgroupfs::relative(cgroupfs::parent_path(group)) + file;
    const std::string has = PLIMSOLL_TRY(read_file_at(root, from.c_str(), 1 << 16));
    PLIMSOLL_TRY(write_once(root, cgroupfs::relative(group) + file, trim(has)));
  }
  return {};
}

Result<Made> make_one(const Hierarchy& hierarchy, const std::string& group);

Result<> make_parent(const Hierarchy& hierarchy, const std::string& group) {
  const std::string parent = cgroupfs::parent_path(group);
  if (parent != "/") PLIMSOLL_TRY(make_one(hierarchy, parent));
  return {};
}

Result<Made> make_one(const Hierarchy& hierarchy, const std::string& group) {
  const std::string below = cgroupfs::relative(group);
  int made = ::mkdirat(hierarchy.dir.get(), below.c_str(), 0755);
  if (made != 0 && errno == ENOENT) {
    PLIMSOLL_TRY(make_parent(hierarchy, group));
    made = ::mkdirat(hierarchy.dir.get(), below.c_str(), 0755);
  }
  if (made != 0 && errno == EEXIST) return Made::kBefore;
  if (made != 0) return os_failure("mkdir", hierarchy.mount_path + group);
  if (hierarchy.version == 1 &&
      hierarchy.controllers.test(static_cast<std::size_t>(Controller::kCpuset)))
    PLIMSOLL_TRY(inherit_cpuset(hierarchy.dir, group));
  return Made::kNow;
}

// Left behind, or made for the container by somebody: to be used as long as nobody is in it.
Result<> must_be_empty(const Hierarchy& hierarchy, const std::string& group) {
  const std::string file = cgroupfs::relative(group) + "/cgroup.procs";
  const Fd procs = PLIMSOLL_TRY(open_at(hierarchy.dir, file.c_str(), O_RDONLY));
  char byte = 0;
  const ssize_t count = ::read(procs.get(), &byte, 1);
  if (count < 0) return os_failure("read", hierarchy.mount_path + group + "/cgroup.procs");
  if (count == 0) return {};
  return failure(ErrorKind::kBusy, "cgroup",
                 hierarchy.mount_path + group + " has processes already");
}

bool may_be_skipped(const Error& error, CgroupRequest::Denied denied) {
  return denied == CgroupRequest::Denied::kSkip && error.kind == ErrorKind::kDenied;
}

}  // namespace

Result<GroupAge> make_groups(const CgroupHost& host, CgroupRequest::Denied denied,
                             CgroupRecord& record, Rollback& rollback) {
  GroupAge age = GroupAge::kNew;
  std::vector<CgroupPlace> places;
  for (std::size_t h = 0; h < host.layout.hierarchies.size(); ++h) {
    const Hierarchy& hierarchy = host.layout.hierarchies[h];
    const auto made = make_one(hierarchy, record.group);
    if (!made) {
      if (may_be_skipped(made.error(), denied)) continue;
      return std::unexpected(made.error());
    }
    if (*made == Made::kNow) {
      rollback.on_failure([path = record.places[h].path] { ::rmdir(path.c_str()); });
    } else {
      age = GroupAge::kUsed;
      PLIMSOLL_TRY(must_be_empty(hierarchy, record.group));
    }
    if (host.layout.mode == cgroupfs::Mode::kV2)
      PLIMSOLL_TRY(enable_controllers(hierarchy, record.group));
    places.push_back(std::move(record.places[h]));
  }
  record.places = std::move(places);
  return age;
}

}  // namespace plimsoll::runtime
