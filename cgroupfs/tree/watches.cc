#include "cgroupfs/tree/watches.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
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
  if (!inotify_ || exhausted_ || count() >= max_watches_) return std::nullopt;
  std::string path = "/proc/self/fd/" + std::to_string(parent.get()) + "/";
  path += name;
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), kMask);
  if (watch < 0) {
    exhausted_ = errno == ENOSPC;  // fs.inotify.max_user_watches, shared by all of our user's.
    return std::nullopt;
  }
  return watch;
}

const Watches::Owned* Watches::find(int watch) const {
  const auto at = std::ranges::lower_bound(owners_, watch, {}, &Owned::watch);
  return at != owners_.end() && at->watch == watch && at->node != nullptr ? &*at : nullptr;
}

void Watches::own(int watch, WatchOwner owner) {
  const Owned entry{watch, static_cast<std::uint32_t>(owner.hierarchy), owner.node};
  const auto at = std::ranges::lower_bound(owners_, watch, {}, &Owned::watch);
  if (at == owners_.end() || at->watch != watch) {
    owners_.insert(at, entry);
    return;
  }
  if (at->node == nullptr) --forgotten_;
  *at = entry;
}

void Watches::forget(int watch) {
  const Owned* entry = find(watch);
  if (entry == nullptr) return;
  exhausted_ = false;
  owners_[static_cast<std::size_t>(entry - owners_.data())].node = nullptr;
  if (++forgotten_ <= owners_.size() / 2) return;
  std::erase_if(owners_, [](const Owned& owned) { return owned.node == nullptr; });
  forgotten_ = 0;
}

void Watches::discard(int watch) {
  if (find(watch) == nullptr) ::inotify_rm_watch(inotify_.get(), watch);
}

void Watches::release(int watch, WatchOwner owner) {
  if (owner_of(watch) != owner) return;
  forget(watch);
  ::inotify_rm_watch(inotify_.get(), watch);  // EINVAL: the kernel was first.
}

std::optional<WatchOwner> Watches::owner_of(int watch) const {
  const Owned* entry = find(watch);
  if (entry == nullptr) return std::nullopt;
  return WatchOwner{entry->node, entry->hierarchy};
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
