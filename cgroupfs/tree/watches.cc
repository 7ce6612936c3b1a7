#include "cgroupfs/tree/watches.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace plimsoll::cgroupfs {
namespace {

constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW |
                                IN_EXCL_UNLINK;

}  // namespace

Watches::Watches(std::size_t max_watches) : max_watches_(max_watches) {
  if (max_watches_ > 0) inotify_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

// inotify has no *at call. /proc/self/fd is this process's own view of the descriptor, not the
// host's /proc that is passed in as a root.
std::optional<int> Watches::add(const DirFd& parent, std::string_view name) {
  if (!inotify_ || owners_.size() >= max_watches_) return std::nullopt;
  std::string path = "/proc/self/fd/" + std::to_string(parent.get()) + "/";
  path += name;
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), kMask);
  if (watch < 0) return std::nullopt;
  return watch;
}

void Watches::discard(int watch) {
  if (!owners_.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
}

void Watches::release(int watch, WatchOwner owner) {
  const auto found = owners_.find(watch);
  if (found == owners_.end() || found->second != owner) return;
  owners_.erase(found);
  ::inotify_rm_watch(inotify_.get(), watch);  // EINVAL: the kernel was first.
}

std::optional<WatchOwner> Watches::owner_of(int watch) const {
  const auto found = owners_.find(watch);
  if (found == owners_.end()) return std::nullopt;
  return found->second;
}

std::string_view Watches::read_some() {
  if (!inotify_) return {};
  const ssize_t got = ::read(inotify_.get(), buffer_.data(), buffer_.size());
  if (got <= 0) return {};  // EAGAIN: the queue is empty.
  return {buffer_.data(), static_cast<std::size_t>(got)};
}

std::optional<Notification> Watches::next(std::string_view& buffer) {
  inotify_event event{};
  if (buffer.size() < sizeof event) return std::nullopt;
  std::memcpy(&event, buffer.data(), sizeof event);
  std::string_view name = buffer.substr(sizeof event, event.len);
  name = name.substr(0, name.find('\0'));  // Padded with zeros.
  buffer.remove_prefix(std::min(sizeof event + event.len, buffer.size()));
  return Notification{event.wd, event.mask, name};
}

}  // namespace plimsoll::cgroupfs
