#include "base/fill_in.h"
#include "runtime/lifecycle/inner.h"

namespace plimsoll::runtime {

Result<> pause(const Host& host, const std::string& id) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  if (opened.status != Status::kRunning && opened.status != Status::kCreated)
    return failure(ErrorKind::kInvalidInput, "pause", "container not running");
  return ContainerCgroup::reopen(groups_of(opened.record)).freeze(kFreezeDeadline);
}

Result<> resume(const Host& host, const std::string& id) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  if (opened.status != Status::kPaused)
    return failure(ErrorKind::kInvalidInput, "resume", "container not paused");
  return ContainerCgroup::reopen(groups_of(opened.record)).thaw();
}

Result<> update(const Host& host, const std::string& id, const spec::Resources& resources) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  if (opened.status == Status::kStopped)
    return failure(ErrorKind::kInvalidInput, "update", "container not running");
  const CgroupHost cgroups = PLIMSOLL_TRY(open_cgroup_host());
  return ContainerCgroup::reopen(groups_of(opened.record)).update(cgroups, resources);
}

Result<std::vector<pid_t>> processes(const Host& host, const std::string& id) {
  const Opened opened = PLIMSOLL_TRY(open_container(host, id));
  return ContainerCgroup::reopen(groups_of(opened.record)).pids();
}

}  // namespace plimsoll::runtime
