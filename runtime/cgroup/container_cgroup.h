// The cgroup of one container: one group under the same path in every hierarchy of the host, v1,
// v2, or both (hybrid: the v2 mirror has no controllers to speak of, but PSI, cgroup.kill and
// CLONE_INTO_CGROUP).
//
// Limits are written before any process is in, by cgroupfs/limit's planner. Order for a launch:
// create, clone3 (with clone_into(), if there is one), the child's writes to entry_files(),
// entered. Thread: one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"
#include "runtime/spec/resources.h"

namespace plimsoll::runtime {

// What is needed of the host. One look serves many containers.
struct CgroupHost {
  cgroupfs::Layout layout;
  DirFd sys;  // /sys: block devices, sizes of huge pages. Asked only for limits that need it.
};
// `cgroup_root` is "/sys/fs/cgroup" and `mountinfo` "/proc/self/mountinfo" on a host; the latter is
// read only where there may be more than one hierarchy.
[[nodiscard]] Result<CgroupHost> open_cgroup_host(const char* cgroup_root = "/sys/fs/cgroup",
                                                  const char* mountinfo = "/proc/self/mountinfo",
                                                  const char* sys = "/sys");

enum class CgroupManager : std::uint8_t {
  kFiles,   // We make the groups.
  kSystemd  // systemd does, as a scope; on v2 only.
};

struct CgroupRequest {
  std::string id;
  // As config.json has it. Files: a path below the hierarchies' roots, "/<id>" when empty. systemd:
  // "slice:prefix:name", "system.slice:plimsoll:<id>" when empty.
  std::string cgroups_path;
  CgroupManager manager = CgroupManager::kFiles;
  const spec::Resources* resources = nullptr;  // Null: no limits but the devices'.
  // Hierarchies in which we may not make groups (EACCES, EPERM, EROFS: rootless).
  enum class Denied : std::uint8_t { kFail, kSkip } denied = Denied::kFail;
};

struct CgroupPlace {
  // As /proc/<pid>/cgroup spells the hierarchy: "cpu,cpuacct", "name=systemd"; empty: v2.
  std::string hierarchy;
  std::string path;  // "/sys/fs/cgroup/memory/docker/<id>"
  bool operator==(const CgroupPlace&) const = default;
};

// All that has to be kept to find the groups again.
struct CgroupRecord {
  CgroupManager manager = CgroupManager::kFiles;
  std::string unit;   // systemd's scope; else empty.
  std::string group;  // "/docker/<id>": below each hierarchy's mount.
  std::vector<CgroupPlace> places;
  bool operator==(const CgroupRecord&) const = default;
};

// Where the groups will be, so that it can be written down before they are made.
[[nodiscard]] Result<CgroupRecord> plan_cgroup(const CgroupHost& host,
                                               const CgroupRequest& request);

class ContainerCgroup {
 public:
  // The groups, their missing ancestors, the limits and the rule of devices; or nothing at all:
  // what was made is removed again. kBusy, there are processes in such a group already;
  // kNotOffered, a limit's controller is not mounted; kRejected, the kernel or the planner refuses
  // a limit. All name it. `host` must outlive the result.
  [[nodiscard]] static Result<ContainerCgroup> create(const CgroupHost& host,
                                                      const CgroupRequest& request);
  // From a record. Asks nobody: that groups are gone shows in the calls.
  [[nodiscard]] static ContainerCgroup reopen(CgroupRecord record);

  ContainerCgroup(ContainerCgroup&& other) noexcept;
  ContainerCgroup& operator=(ContainerCgroup&& other) noexcept;
  // Removes nothing: the groups outlive us. Lets go of entered()'s placeholder.
  ~ContainerCgroup();

  [[nodiscard]] const CgroupRecord& record() const { return record_; }

  // For clone_args.cgroup: the child is born in its v2 group, and need not write there.
  // Null without a v2 hierarchy. The descriptor is the cgroup's: valid as long as this object.
  [[nodiscard]] Result<const DirFd*> clone_into();
  // Where a process with one thread writes "0" to be in every v1 group, and in the v2 one unless it
  // was born there. A pid moves another process, but for that the kernel waits for a grace period
  // of RCU: it makes every fork, exec and exit of the host step aside (decision 0058).
  enum class Born : std::uint8_t { kElsewhere, kInside };
  [[nodiscard]] std::vector<std::string> entry_files(Born born) const;
  // The first process is in. Under systemd a process of ours held the scope open until now (a scope
  // without processes ends at once); it ends here. Nothing to do for files.
  void entered();

  // In the group and those below it, in no order; none when it is gone.
  [[nodiscard]] Result<std::vector<pid_t>> pids() const;

  // Returns when everything is frozen or thawed: kBusy at the deadline, and then thawed again.
  // kNotOffered, no freezer is mounted.
  [[nodiscard]] Result<> freeze(std::chrono::milliseconds deadline);
  [[nodiscard]] Result<> thaw();
  [[nodiscard]] Result<bool> is_frozen() const;  // False when it is gone.

  // To every process in the group and below. SIGKILL misses nobody, forks meanwhile included, and
  // reaches what is frozen; other signals go to those that are there when it is called.
  [[nodiscard]] Result<> kill_all(int signal);

  // Only what is asked for; all of it or nothing, in an order the kernel takes, verified. Rules of
  // devices are replaced when there are any.
  [[nodiscard]] Result<> update(const CgroupHost& host, const spec::Resources& resources);

  // True: no group is left, and there was nobody to end. False: some may be gone, and remove() is
  // needed. Of what systemd keeps always false.
  [[nodiscard]] bool remove_empty();

  // Postcondition: no path of the record exists, nor anything below it. kBusy when processes are
  // still there at the deadline: names the group. Groups that are gone already are none to remove.
  [[nodiscard]] Result<> remove(std::chrono::milliseconds deadline);

 private:
  explicit ContainerCgroup(CgroupRecord record) : record_(std::move(record)) {}
  // Where a v1 controller ("" is v2) has the group; null where it is not mounted.
  [[nodiscard]] const CgroupPlace* place(std::string_view controller) const;
  [[nodiscard]] Result<> signal_each(int signal);

  CgroupRecord record_;
  std::optional<DirFd> unified_;
  pid_t placeholder_ = 0;
};

}  // namespace plimsoll::runtime
