// v1's freezer where it is mounted, as every engine on such a host looks there; else v2's.
#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <tuple>

#include "base/read_file.h"
#include "base/text.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

const DirFd kHere(AT_FDCWD);

Result<std::string> text_of(const std::string& file) {
  const std::string text = PLIMSOLL_TRY(read_file_at(kHere, file.c_str(), 4096));
  return std::string(trim(text));
}

Failure still_freezing(const std::string& path) {
  return failure(ErrorKind::kBusy, "freeze", path + " is not frozen at the deadline");
}

// FREEZING stays while a task is born or asleep in the kernel; writing again looks at them again.
Result<> freeze_v1(const std::string& path, milliseconds deadline) {
  const auto end = steady_clock::now() + deadline;
  const std::string file = path + "/freezer.state";
  for (auto pause = std::chrono::microseconds(100);; pause = std::min(pause * 2, 10'000us)) {
    PLIMSOLL_TRY(write_once(kHere, file, "FROZEN"));
    if (PLIMSOLL_TRY(text_of(file)) == "FROZEN") return {};
    if (steady_clock::now() >= end) return still_freezing(path);
    std::this_thread::sleep_for(pause);
  }
}

bool says_frozen(std::string_view events) {
  for (std::string_view line; next_line(events, line);)
    if (line == "frozen 1") return true;
  return false;
}

// cgroup.events tells of every change by POLLPRI.
Result<> freeze_v2(const std::string& path, milliseconds deadline) {
  const auto end = steady_clock::now() + deadline;
  const std::string name = path + "/cgroup.events";
  const Fd events = PLIMSOLL_TRY(open_at(kHere, name.c_str(), O_RDONLY));
  PLIMSOLL_TRY(write_once(kHere, path + "/cgroup.freeze", "1"));
  ReadBuffer buffer;
  for (;;) {
    if (says_frozen(PLIMSOLL_TRY(buffer.pread_all(events, name)))) return {};
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    if (left <= milliseconds::zero()) return still_freezing(path);
    pollfd wait{events.get(), POLLPRI, 0};
    ::poll(&wait, 1, static_cast<int>(left.count()));
  }
}

}  // namespace

Result<> ContainerCgroup::freeze(milliseconds deadline) {
  const CgroupPlace* v1 = place("freezer");
  const CgroupPlace* where = v1 != nullptr ? v1 : place("");
  if (where == nullptr)
    return failure(ErrorKind::kNotOffered, "freeze",
                   "this host has no cgroup controller \"freezer\"");
  auto done = v1 != nullptr ? freeze_v1(where->path, deadline) : freeze_v2(where->path, deadline);
  if (!done) std::ignore = thaw();
  return done;
}

Result<> ContainerCgroup::thaw() {
  if (const CgroupPlace* v1 = place("freezer"))
    return write_once(kHere, v1->path + "/freezer.state", "THAWED");
  if (const CgroupPlace* v2 = place("")) return write_once(kHere, v2->path + "/cgroup.freeze", "0");
  return failure(ErrorKind::kNotOffered, "thaw", "this host has no cgroup controller \"freezer\"");
}

Result<bool> ContainerCgroup::is_frozen() const {
  const CgroupPlace* v1 = place("freezer");
  const CgroupPlace* where = v1 != nullptr ? v1 : place("");
  if (where == nullptr) return false;
  const auto text =
      text_of(where->path + (v1 != nullptr ? "/freezer.self_freezing" : "/cgroup.freeze"));
  if (text) return *text == "1";
  if (text.error().kind == ErrorKind::kNotOffered || text.error().kind == ErrorKind::kGone)
    return false;
  return std::unexpected(text.error());
}

}  // namespace plimsoll::runtime
