#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "cgroupfs/tree/directory.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/cgroup/scope.h"

namespace plimsoll::runtime {
namespace {

const DirFd kHere(AT_FDCWD);

// True: it is no more. EBUSY may mean groups below it (a container that makes its own) as well as
// processes: the former are removed, deepest first.
Result<bool> try_remove(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENODEV) return true;
  if (errno != EBUSY && errno != ENOTEMPTY) return os_failure("rmdir", path);
  const auto listing = cgroupfs::list_directories(kHere, path.c_str());
  if (!listing) {
    if (cgroupfs::is_gone(listing.error())) return true;
    return std::unexpected(listing.error());
  }
  if (listing->names.empty()) return false;
  for (const std::string& name : listing->names)
    if (!PLIMSOLL_TRY(try_remove(path + "/" + name))) return false;
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

bool ContainerCgroup::remove_empty() {
  if (record_.manager == CgroupManager::kSystemd) return false;
  unified_.reset();
  return std::ranges::all_of(record_.places, [](const CgroupPlace& place) {
    return ::rmdir(place.path.c_str()) == 0 || errno == ENOENT;
  });
}

Result<> ContainerCgroup::remove(std::chrono::milliseconds deadline) {
  using std::chrono::steady_clock;
  using namespace std::chrono_literals;
  const auto end = steady_clock::now() + deadline;
  unified_.reset();
  entered();
  Result<> stopped;
  // Stopping would end who is in it, and remove() ends nobody.
  if (record_.manager == CgroupManager::kSystemd && PLIMSOLL_TRY(pids()).empty())
    stopped = stop_scope(record_.unit);
  for (const CgroupPlace& place : record_.places) {
    // Who was killed a moment ago is in its group until it has been cleaned up.
    for (auto pause = 50us;; pause = std::min(pause * 2, 10'000us)) {
      if (PLIMSOLL_TRY(try_remove(place.path))) break;
      if (steady_clock::now() < end) {
        std::this_thread::sleep_for(pause);
        continue;
      }
      if (!stopped) return stopped;
      return failure(ErrorKind::kBusy, "remove", place.path + " still has processes");
    }
  }
  return {};
}

}  // namespace plimsoll::runtime
