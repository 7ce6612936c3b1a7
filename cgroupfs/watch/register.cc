#include "cgroupfs/watch/register.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace plimsoll::cgroupfs {

namespace {

Result<> write_once(const Fd& fd, const std::string& text, const char* name) {
  const ssize_t n = ::write(fd.get(), text.data(), text.size());
  if (n >= 0) return {};
  return os_failure("write", name);
}

}  // namespace

Result<Fd> make_event_fd() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return os_failure("eventfd", "");
  return Fd(fd);
}

Result<> register_event(const DirFd& group, const char* file, std::string_view argument,
                        const Fd& event) {
  const Fd watched = PLIMSOLL_TRY(open_at(group, file, O_RDONLY));
  const Fd control = PLIMSOLL_TRY(open_at(group, "cgroup.event_control", O_WRONLY));
  std::string text = std::to_string(event.get()) + " " + std::to_string(watched.get());
  if (!argument.empty()) (text += ' ') += argument;
  return write_once(control, text, "cgroup.event_control");
}

std::string_view name_of(StallResource resource) {
  switch (resource) {
    case StallResource::kCpu:
      return "cpu";
    case StallResource::kMemory:
      return "memory";
    case StallResource::kIo:
      return "io";
  }
  return "";
}

std::string StallTrigger::text() const {
  return "some " + std::to_string(stall.count()) + " " + std::to_string(window.count());
}

StallTrigger widened(StallTrigger trigger) {
  constexpr std::chrono::microseconds kStep = std::chrono::seconds(2);
  // The kernel's longest window is ten seconds.
  const std::int64_t steps =
      std::clamp<std::int64_t>((trigger.window.count() + kStep.count() - 1) / kStep.count(), 1, 5);
  const std::chrono::microseconds wide = kStep * steps;
  if (trigger.window > trigger.window.zero())
    trigger.stall =
        std::chrono::microseconds(trigger.stall.count() * wide.count() / trigger.window.count());
  trigger.window = wide;
  return trigger;
}

Result<Fd> arm(const DirFd& group, const StallTrigger& trigger) {
  const std::string file = std::string(name_of(trigger.resource)) + ".pressure";
  Fd fd = PLIMSOLL_TRY(open_at(group, file.c_str(), O_RDWR | O_NONBLOCK));
  Result<> armed = write_once(fd, trigger.text(), file.c_str());
  if (!armed && (armed.error().os_error == EINVAL || armed.error().os_error == EPERM)) {
    const StallTrigger wide = widened(trigger);
    if (wide != trigger) armed = write_once(fd, wide.text(), file.c_str());
  }
  if (!armed) return std::unexpected(std::move(armed).error());
  return fd;
}

}  // namespace plimsoll::cgroupfs
