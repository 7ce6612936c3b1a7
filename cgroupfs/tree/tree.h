// The host's cgroups, kept up to date: one Cgroup per path over all hierarchies, born and dropped
// as the kernel creates and removes directories.
//
// Kept by one inotify instance (a watch per directory, as far as fs.inotify.max_user_watches and
// `max_watches` allow) plus a periodic rescan that finds what notifications missed (queue overflow,
// watches refused). No thread of its own: the owner calls update(), and may poll() the notification
// descriptor. Not thread-safe. It holds no descriptor but the inotify instance.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::cgroupfs {

// A cgroup = its directories' inode numbers, one per hierarchy; the path is its name, not its
// identity. A group removed and made again under the same path is a new Cgroup with a new serial.
struct Cgroup {
  std::uint64_t serial = 0;  // Unique in its tree, never reused.
  // Grows whenever the group joins or leaves a hierarchy.
  std::uint64_t revision = 0;
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
  // Each hierarchy is verified whole this often, one after the other. A hierarchy in which a
  // directory has no watch (refused, or beyond max_watches) is walked at the second interval.
  std::chrono::nanoseconds rescan_interval = std::chrono::seconds(60);
  std::chrono::nanoseconds blind_rescan_interval = std::chrono::seconds(2);
  std::size_t max_watches = 150'000;  // 0: no inotify instance at all.
  // Depth and count caps against runaway trees; what is beyond them is counted in
  // TreeStats::skipped.
  std::size_t max_depth = 32;
  std::size_t max_cgroups = 100'000;
  // No cgroup is older than this; a directory's times are when the kernel last made its inode, and
  // may come from a clock that was set later. See parse_boot_time.
  WallTime boot;
};

// When the host booted: the btime line of PROC/stat. Pure. kNotOffered without such a line.
[[nodiscard]] Result<WallTime> parse_boot_time(std::string_view proc_stat);

struct TreeStats {
  std::size_t cgroups = 0;
  std::size_t watches = 0;
  // Directories that have no watch (limit): only the rescan sees below them.
  std::size_t watches_refused = 0;
  std::uint64_t rescans = 0;     // Walks of one whole hierarchy, the first ones included.
  std::uint64_t overflows = 0;   // inotify queue overflows, each followed by a rescan.
  std::size_t skipped = 0;       // Beyond max_depth / max_cgroups, now.
  std::uint64_t unreadable = 0;  // Directories that could not be opened (EACCES), since the start.
};

struct TreeChanges {
  std::vector<const Cgroup*> added;    // Parents before children.
  std::vector<const Cgroup*> changed;  // Appeared in, or left, a further hierarchy.
  // Somebody wrote a control file (a limit may have changed; not: a process was moved), or the
  // kernel notified memory.events, cgroup.events or pids.events. Once per update, however many
  // writes; every group after a queue overflow. Files of a directory without a watch never show.
  std::vector<const Cgroup*> written;
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
