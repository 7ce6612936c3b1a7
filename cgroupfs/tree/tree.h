// The host's cgroups, kept up to date: one Cgroup per path over all hierarchies, born and dropped
// as the kernel creates and removes directories.
//
// Kept by one inotify instance (a watch per directory, as far as fs.inotify.max_user_watches and
// `max_watches` allow) plus a periodic rescan that finds what notifications missed (queue overflow,
// watches refused). No thread of its own: the owner calls update(), and may poll() the notification
// descriptor. Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {

// A cgroup = its directories' inode numbers, one per hierarchy; the path is its name, not its
// identity. A group removed and made again under the same path is a new Cgroup with a new serial.
struct Cgroup {
  std::uint64_t serial = 0;  // Unique in this process, never reused.
  std::string path;  // "/", "/docker/<id>": relative to each hierarchy's mount. No trailing slash.
  // st_ino of the directory per hierarchy (index as in Layout::hierarchies); 0 = not in that
  // hierarchy.
  std::array<std::uint64_t, kMaxHierarchies> inode{};
  // Birth: the earliest of mtime/ctime of the directory and of a file that is never written after
  // creation (cgroup.clone_children v1, cgroup.events v2), never before boot. cAdvisor's rule.
  WallTime created;

  [[nodiscard]] bool in(std::size_t hierarchy) const { return inode[hierarchy] != 0; }
};

// Opens the group's directory in one hierarchy and proves by its inode that it is still this group:
// kGone when it was removed or replaced, kNotOffered when the group is not in that hierarchy.
[[nodiscard]] Result<DirFd> open_cgroup(const Layout& layout, const Cgroup& cgroup,
                                        std::size_t hierarchy);

struct TreeOptions {
  std::chrono::nanoseconds rescan_interval = std::chrono::seconds(60);
  // Without notifications (all watches refused) the rescan runs this often instead.
  std::chrono::nanoseconds blind_rescan_interval = std::chrono::seconds(2);
  std::size_t max_watches = 150'000;
  // Depth and count caps against runaway trees; what is beyond them is counted in
  // TreeStats::skipped.
  std::size_t max_depth = 32;
  std::size_t max_cgroups = 100'000;
};

struct TreeStats {
  std::size_t cgroups = 0;
  std::size_t watches = 0;
  std::size_t watches_refused =
      0;  // Directories that have no watch (limit): only the rescan sees below them.
  std::uint64_t rescans = 0;     // Full walks since the start.
  std::uint64_t overflows = 0;   // inotify queue overflows, each followed by a rescan.
  std::size_t skipped = 0;       // Beyond max_depth / max_cgroups, now.
  std::uint64_t unreadable = 0;  // Directories that could not be opened (EACCES), since the start.
};

struct TreeChanges {
  std::vector<const Cgroup*> added;
  std::vector<const Cgroup*> changed;  // Appeared in, or left, a further hierarchy.
  std::vector<const Cgroup*>
      written;  // Somebody wrote a control file (a limit may have changed), or the
                // kernel notified memory.events / cgroup.events / pids.events.
  std::vector<std::unique_ptr<Cgroup>> removed;  // Owned by the caller from now on.
};

class CgroupTree {
 public:
  // Walks everything once; the first update() reports what it found as `added`. `layout` must
  // outlive the tree.
  [[nodiscard]] static Result<std::unique_ptr<CgroupTree>> create(const Layout& layout,
                                                                  const Clock& clock,
                                                                  TreeOptions options = {});
  virtual ~CgroupTree() = default;

  // What happened since the last call. Pointers are good until the group is reported removed.
  [[nodiscard]] virtual TreeChanges update() = 0;
  // Readable when there may be something for update(); -1 when this host gave us no inotify
  // instance.
  [[nodiscard]] virtual int notification_fd() const = 0;
  [[nodiscard]] virtual TreeStats stats() const = 0;
};

}  // namespace plimsoll::cgroupfs
