#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <tuple>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/directory.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {
namespace {

const DirFd kHere(AT_FDCWD);

// Appends the processes of the group at `path` and of those below it; what is gone has none.
Result<> collect(const std::string& path, std::vector<pid_t>& pids) {
  ReadBuffer buffer;
  const auto text = buffer.read_at(kHere, (path + "/cgroup.procs").c_str());
  if (!text) {
    if (cgroupfs::is_gone(text.error())) return {};
    return std::unexpected(text.error());
  }
  std::string_view rest = *text;
  for (std::string_view line; next_line(rest, line);) {
    const auto pid = to_number<pid_t>(line);
    if (!pid) return malformed(line);
    // 0: a process of a PID namespace that is none of ours.
    if (*pid > 0) pids.push_back(*pid);
  }
  struct stat facts{};
  // kernfs counts the directories below.
  if (::stat(path.c_str(), &facts) != 0 || facts.st_nlink <= 2) return {};
  const auto listing = cgroupfs::list_directories(kHere, path.c_str());
  if (!listing) return {};
  for (const std::string& name : listing->names) PLIMSOLL_TRY(collect(path + "/" + name, pids));
  return {};
}

bool is_gone(const Result<>& result) {
  return !result && cgroupfs::is_gone(result.error());
}

}  // namespace

Result<std::vector<pid_t>> ContainerCgroup::pids() const {
  std::vector<pid_t> pids;
  const CgroupPlace* where = place("");
  if (where == nullptr && !record_.places.empty()) where = &record_.places.front();
  if (where != nullptr) PLIMSOLL_TRY(collect(where->path, pids));
  return pids;
}

Result<> ContainerCgroup::signal_each(int signal) {
  for (const pid_t pid : PLIMSOLL_TRY(pids()))
    if (::kill(pid, signal) != 0 && errno != ESRCH) return os_failure("kill", std::to_string(pid));
  return {};
}

Result<> ContainerCgroup::kill_all(int signal) {
  if (signal != SIGKILL) return signal_each(signal);
  const CgroupPlace* v1 = place("freezer");
  Result<> killed;
  // cgroup.kill (Linux 5.14) misses no fork and needs no list.
  if (const CgroupPlace* v2 = place("")) {
    killed = write_once(kHere, v2->path + "/cgroup.kill", "1");
    if (is_gone(killed)) killed = Result<>();
  } else if (v1 != nullptr) {
    // Nobody forks while all are frozen; they die when they are thawed.
    std::ignore = freeze(std::chrono::milliseconds(500));
    killed = signal_each(signal);
  } else {
    // As often as there is somebody who was not there before.
    for (int round = 0; killed && round < 100; ++round) {
      if (PLIMSOLL_TRY(pids()).empty()) break;
      killed = signal_each(signal);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // v1's freezer holds even who is killed.
  if (v1 != nullptr) {
    const auto thawed = thaw();
    if (!thawed && !is_gone(thawed)) return thawed;
  }
  return killed;
}

}  // namespace plimsoll::runtime
