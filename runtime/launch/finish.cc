// What a root filesystem lacks once it is "/": sysctls, read-only and masked paths.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/launch/child.h"
#include "runtime/launch/in_root.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

int change_attributes(int mount, std::uint64_t set, unsigned flags) {
  mount_attr attr{};
  attr.attr_set = set;
  return ::mount_setattr(mount, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

int attach(int mount, int target) {
  return ::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int clone_mount(int fd, unsigned flags) {
  return ::open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
}

// True if the path is not there, or what it leads through is no directory: nothing to protect.
bool is_absent() {
  return errno == ENOENT || errno == ENOTDIR;
}

void protect(const Plan& plan, std::size_t i, int root, const Reporter& reporter) {
  const int target =
      open_in_root_path(root, plan.readonly_paths[i].c_str(), Make::kNothing, Links::kFollow);
  if (target < 0 && is_absent()) return;
  if (target < 0) reporter.give_up(Stage::kReadonlyPath, i);
  const int tree = clone_mount(target, AT_RECURSIVE);
  if (tree < 0 || change_attributes(tree, MOUNT_ATTR_RDONLY, AT_RECURSIVE) != 0 ||
      attach(tree, target) != 0)
    reporter.give_up(Stage::kReadonlyPath, i);
  ::close(tree);
  ::close(target);
}

// Masks are one empty directory for all directories, and the null device for all files. The device
// is looked at, not trusted by its name: an image may have put a link there (CVE-2025-31133).
class Masks {
 public:
  Masks(int root, const Reporter& reporter) : root_(root), reporter_(reporter) {}
  ~Masks() {
    if (directory_ >= 0) ::close(directory_);
    if (null_ >= 0) ::close(null_);
  }
  Masks(const Masks&) = delete;
  Masks& operator=(const Masks&) = delete;

  void mask(const Plan& plan, std::size_t i) {
    const int target =
        open_in_root_path(root_, plan.masked_paths[i].c_str(), Make::kNothing, Links::kFollow);
    if (target < 0 && is_absent()) return;
    struct stat status{};
    if (target < 0 || ::fstat(target, &status) != 0) reporter_.give_up(Stage::kMaskedPath, i);
    const int mount = S_ISDIR(status.st_mode) ? take_directory(i) : take_file(i);
    if (attach(mount, target) != 0) reporter_.give_up(Stage::kMaskedPath, i);
    // The first directory stays open: the others are copies of it.
    if (mount != directory_) ::close(mount);
    ::close(target);
  }

 private:
  int take_directory(std::size_t i) {
    if (directory_ >= 0) {
      const int copy = clone_mount(directory_, 0);
      if (copy < 0) reporter_.give_up(Stage::kMaskedPath, i);
      return copy;
    }
    const int context = ::fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (context < 0 || ::fsconfig(context, FSCONFIG_SET_STRING, "nr_blocks", "1", 0) != 0 ||
        ::fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) != 0 ||
        ::fsconfig(context, FSCONFIG_SET_STRING, "mode", "555", 0) != 0 ||
        ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
      reporter_.give_up(Stage::kMaskedPath, i);
    directory_ =
        ::fsmount(context, FSMOUNT_CLOEXEC,
                  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (directory_ < 0) reporter_.give_up(Stage::kMaskedPath, i);
    ::close(context);
    return directory_;
  }

  int take_file(std::size_t i) {
    if (null_ < 0) {
      null_ = open_in_root_path(root_, "dev/null", Make::kNothing, Links::kRefuse);
      struct stat status{};
      if (null_ < 0 || ::fstat(null_, &status) != 0) reporter_.give_up(Stage::kMaskedPath, i);
      if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
        reporter_.give_up(Stage::kMaskedPath, i, ENODEV);
    }
    const int copy = clone_mount(null_, 0);
    if (copy < 0) reporter_.give_up(Stage::kMaskedPath, i);
    return copy;
  }

  int root_;
  const Reporter& reporter_;
  int directory_ = -1;
  int null_ = -1;
};

}  // namespace

int write_proc(int proc, const char* path, const char* text, std::size_t size) noexcept {
  const int fd = openat2(proc, path, O_WRONLY | O_CLOEXEC,
                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (fd < 0) return -1;
  const ssize_t n = ::write(fd, text, size);
  const int os_error = errno;
  ::close(fd);
  errno = n >= 0 ? EIO : os_error;
  return n == static_cast<ssize_t>(size) ? 0 : -1;
}

int open_private_proc(const Reporter& reporter) noexcept {
  const int context = ::fsopen("proc", FSOPEN_CLOEXEC);
  if (context < 0 || ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    reporter.give_up(Stage::kPrivateProc);
  const int proc =
      ::fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (proc < 0) reporter.give_up(Stage::kPrivateProc);
  ::close(context);
  return proc;
}

void finish_rootfs(const Plan& plan, int private_proc, const Reporter& reporter) noexcept {
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) reporter.give_up(Stage::kRootAttributes);
  if (plan.final_propagation) {
    mount_attr attr{};
    attr.propagation = plan.final_propagation->flag;
    const unsigned flags =
        AT_EMPTY_PATH | (plan.final_propagation->recursive ? unsigned{AT_RECURSIVE} : 0U);
    if (::mount_setattr(root, "", flags, &attr, sizeof attr) != 0)
      reporter.give_up(Stage::kRootAttributes);
  }
  if (plan.readonly_root && change_attributes(root, MOUNT_ATTR_RDONLY, 0) != 0)
    reporter.give_up(Stage::kRootAttributes);
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    if (!plan.mounts[i].late_readonly) continue;
    const int fd =
        open_in_root_path(root, plan.mounts[i].destination.c_str(), Make::kNothing, Links::kFollow);
    if (fd < 0 || change_attributes(fd, MOUNT_ATTR_RDONLY, 0) != 0)
      reporter.give_up(Stage::kMount, i);
    ::close(fd);
  }
  for (std::size_t i = 0; i < plan.sysctls.size(); ++i) {
    const auto& [path, value] = plan.sysctls[i];
    const int sys = openat2(private_proc, "sys", O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
    if (sys < 0 || write_proc(sys, path.c_str(), value.c_str(), value.size()) != 0)
      reporter.give_up(Stage::kSysctl, i);
    ::close(sys);
  }
  for (std::size_t i = 0; i < plan.readonly_paths.size(); ++i) protect(plan, i, root, reporter);
  Masks masks(root, reporter);
  for (std::size_t i = 0; i < plan.masked_paths.size(); ++i) masks.mask(plan, i);
  ::close(root);
}

}  // namespace plimsoll::runtime
