#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroupfs/tree/directory.h"
#include "cgroupfs/tree/tree.h"

namespace plimsoll::cgroupfs {
namespace {

constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

// openat2 refuses symlinks anywhere on the way. Kernels before 5.6 have none (ENOSYS) and some
// seccomp profiles answer EPERM; there plain openat does: the inode is compared anyway.
Result<DirFd> open_beneath(const DirFd& root, const char* path) {
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const long fd = ::syscall(SYS_openat2, root.get(), path, &how, sizeof how);
  if (fd >= 0) return DirFd(static_cast<int>(fd));
  if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) return os_failure("openat2", path);
  const int plain = ::openat(root.get(), path, kFlags);
  if (plain < 0) return os_failure("openat", path);
  return DirFd(plain);
}

Result<DirFd> open_same(const Hierarchy& hierarchy, const Cgroup& cgroup, std::uint64_t inode) {
  const char* relative = cgroup.path.size() > 1 ? cgroup.path.c_str() + 1 : ".";
  auto dir = open_beneath(hierarchy.dir, relative);
  if (!dir) {
    // It was there once, so "no such file" is its end and not a kernel without the feature.
    if (dir.error().kind == ErrorKind::kNotOffered) dir.error().kind = ErrorKind::kGone;
    return dir;
  }
  const DirectoryFacts facts = PLIMSOLL_TRY(look_at(*dir, "."));
  if (facts.inode != inode)
    return failure(ErrorKind::kGone, "openat", "another cgroup of this name");
  return dir;
}

}  // namespace

Result<DirFd> open_cgroup(const Layout& layout, const Cgroup& cgroup, std::size_t hierarchy) {
  if (hierarchy >= layout.hierarchies.size() || !cgroup.in(hierarchy))
    return failure(ErrorKind::kNotOffered, "open_cgroup",
                   "cgroup " + cgroup.path + " is not in this hierarchy");
  Result<DirFd> dir = open_same(layout.hierarchies[hierarchy], cgroup, cgroup.inode[hierarchy]);
  if (dir) return dir;  // No words for what succeeds: this is called often.
  return in("cgroup " + cgroup.path, std::move(dir));
}

}  // namespace plimsoll::cgroupfs
