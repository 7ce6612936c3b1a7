// One inotify instance over many cgroup directories, and whose directory each watch is.
//
// A watch pins the directory's inode, on kernfs also after rmdir: the kernel sends no
// IN_DELETE_SELF and drops nothing, because kernfs never clears the inode's link count (seen on
// 6.18). So whoever learns of a removal must release() the watch, or kernel memory grows with
// churn.
#pragma once

#include <sys/inotify.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::cgroupfs {

struct Node;  // registry.h

struct WatchOwner {
  Node* node = nullptr;
  std::size_t hierarchy = 0;
  bool operator==(const WatchOwner&) const = default;
};

struct Notification {
  int watch = -1;  // -1: queue overflow.
  std::uint32_t mask = 0;
  std::string_view name;  // Of the entry; empty when it is about the directory itself.
};

class Watches {
 public:
  // max_watches 0: no instance is opened. An instance that the kernel refuses
  // (max_user_instances) leaves fd() at -1 and every add() refused.
  explicit Watches(std::size_t max_watches);

  [[nodiscard]] int fd() const { return inotify_.get(); }
  [[nodiscard]] std::size_t count() const { return owners_.size() - forgotten_; }

  // Watches the directory `name` of `parent`; nothing when refused by our cap or the kernel's, or
  // when the directory is not there. To be followed by own() or discard().
  [[nodiscard]] std::optional<int> add(const DirFd& parent, std::string_view name);
  void own(int watch, WatchOwner owner);
  void discard(int watch);
  // No effect when the watch has another owner by now: a renamed directory keeps its inode, and
  // with it the watch.
  void release(int watch, WatchOwner owner);
  // The kernel dropped the watch by itself (IN_IGNORED).
  void forget(int watch);
  // The kernel's limit was reached: no add() asks it again before this or a release().
  void retry() { exhausted_ = false; }
  [[nodiscard]] std::optional<WatchOwner> owner_of(int watch) const;

  // Calls handle(Notification) for what is queued, without waiting. Ends after a bounded number of
  // reads, so that a writer in a loop cannot keep us here.
  template <class Handle>
  void drain(Handle&& handle) {
    for (int i = 0; i < kMaxReads; ++i) {
      std::string_view rest = read_some();
      if (rest.empty()) return;
      while (const auto notification = next(rest)) handle(*notification);
    }
  }

  // Takes one event off what a read of an inotify descriptor gave; nothing at its end. Pure.
  [[nodiscard]] static std::optional<Notification> next(std::string_view& buffer);

 private:
  struct Owned {
    int watch;
    std::uint32_t hierarchy;
    Node* node;
  };
  static constexpr int kMaxReads = 256;
  [[nodiscard]] const Owned* find(int watch) const;
  [[nodiscard]] std::string_view read_some();

  std::size_t max_watches_;
  Fd inotify_;
  // Sorted by watch: the kernel counts upwards, so a new one goes to the end. A third of a hash
  // map's memory, with ten watches per group on a v1 host. Forgotten ones have no node.
  std::vector<Owned> owners_;
  std::size_t forgotten_ = 0;
  bool exhausted_ = false;
  std::array<char, 32768> buffer_{};
};

}  // namespace plimsoll::cgroupfs
