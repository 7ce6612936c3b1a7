#include "runtime/cgroup/container_cgroup.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/rollback.h"
#include "runtime/cgroup/groups.h"
#include "runtime/cgroup/limits.h"
#include "runtime/cgroup/scope.h"

namespace plimsoll::runtime {

Result<ContainerCgroup> ContainerCgroup::create(const CgroupHost& host,
                                                const CgroupRequest& request) {
  const spec::Resources nothing;
  const spec::Resources& resources = request.resources == nullptr ? nothing : *request.resources;
  ContainerCgroup cgroup(PLIMSOLL_TRY(plan_cgroup(host, request)));
  const std::string& group = cgroup.record_.group;
  Rollback rollback;
  GroupAge age = GroupAge::kUsed;
  if (request.manager == CgroupManager::kSystemd) {
    if (host.layout.mode != cgroupfs::Mode::kV2)
      return failure(ErrorKind::kNotOffered, "cgroup",
                     "systemd as the manager of cgroups: only on hosts with cgroup v2 alone");
    // The scope ends with its placeholder, that is with `cgroup`, unless a container is in it.
    cgroup.placeholder_ = PLIMSOLL_TRY(open_scope(PLIMSOLL_TRY(scope_of(request)),
                                                  PLIMSOLL_TRY(limits_of(host, group, resources))));
  } else {
    age = PLIMSOLL_TRY(make_groups(host, request.denied, cgroup.record_, rollback));
  }
  PLIMSOLL_TRY(in("cgroup " + group, write_limits(host, group, resources, age)));
  auto devices = write_devices(host, group, resources, age);
  const bool skip = request.denied == CgroupRequest::Denied::kSkip;
  if (!devices && !(skip && devices.error().kind == ErrorKind::kDenied))
    return in("cgroup " + group, Result<ContainerCgroup>(std::unexpected(devices.error())));
  rollback.commit();
  return cgroup;
}

ContainerCgroup ContainerCgroup::reopen(CgroupRecord record) {
  return ContainerCgroup(std::move(record));
}

ContainerCgroup::ContainerCgroup(ContainerCgroup&& other) noexcept
    : record_(std::move(other.record_)),
      unified_(std::move(other.unified_)),
      placeholder_(std::exchange(other.placeholder_, 0)) {}

ContainerCgroup& ContainerCgroup::operator=(ContainerCgroup&& other) noexcept {
  std::swap(record_, other.record_);
  std::swap(unified_, other.unified_);
  std::swap(placeholder_, other.placeholder_);
  return *this;
}

ContainerCgroup::~ContainerCgroup() {
  entered();
}

const CgroupPlace* ContainerCgroup::place(std::string_view controller) const {
  const auto found = std::ranges::find_if(record_.places, [&](const CgroupPlace& place) {
    std::string_view rest = place.hierarchy;
    if (rest == controller) return true;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(','));
      if (word == controller) return true;
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return false;
  });
  return found == record_.places.end() ? nullptr : &*found;
}

Result<const DirFd*> ContainerCgroup::clone_into() {
  const CgroupPlace* unified = place("");
  if (unified == nullptr) return nullptr;
  if (!unified_) unified_ = PLIMSOLL_TRY(open_dir(unified->path.c_str()));
  return &*unified_;
}

std::vector<std::string> ContainerCgroup::entry_files(Born born) const {
  std::vector<std::string> files;
  for (const CgroupPlace& place : record_.places) {
    const bool unified = place.hierarchy.empty();
    if (unified && born == Born::kInside) continue;
    files.push_back(place.path + (unified ? "/cgroup.procs" : "/tasks"));
  }
  return files;
}

void ContainerCgroup::entered() {
  end_placeholder(std::exchange(placeholder_, 0));
}

Result<> ContainerCgroup::update(const CgroupHost& host, const spec::Resources& resources) {
  const std::string& group = record_.group;
  PLIMSOLL_TRY(in("cgroup " + group, write_limits(host, group, resources, GroupAge::kUsed)));
  // After the files, which can be taken back: systemd writes the same, now and at every reload.
  if (record_.manager == CgroupManager::kSystemd)
    PLIMSOLL_TRY(tell_scope(record_.unit, PLIMSOLL_TRY(limits_of(host, group, resources))));
  if (resources.devices.empty()) return {};
  return in("cgroup " + group, write_devices(host, group, resources, GroupAge::kUsed));
}

}  // namespace plimsoll::runtime
