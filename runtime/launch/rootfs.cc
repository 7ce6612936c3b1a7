// The container's root filesystem, by the mount calls of Linux 5.12 and later: every mount is a
// descriptor until it is attached to a descriptor, and no path is looked up twice.
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "runtime/launch/child.h"
#include "runtime/launch/copy_up.h"
#include "runtime/launch/in_root.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

int attach(int mount, int target) {
  return ::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int change(int mount, const Attributes& attributes, std::uint64_t propagation, bool recursive) {
  mount_attr attr{};
  attr.attr_set = attributes.set;
  attr.attr_clr = attributes.clear;
  attr.propagation = propagation;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? unsigned{AT_RECURSIVE} : 0U);
  return ::mount_setattr(mount, "", flags, &attr, sizeof attr);
}

// A mount below a shared one would be seen on the host; so the mount that holds the root filesystem
// becomes private. It is the nearest directory above that is a mount's root.
void make_holder_private(const Plan& plan, const Reporter& reporter) {
  std::array<char, PATH_MAX> path{};
  if (plan.rootfs.size() >= path.size()) reporter.give_up(Stage::kPropagation, 0, ENAMETOOLONG);
  std::memcpy(path.data(), plan.rootfs.c_str(), plan.rootfs.size() + 1);
  for (;;) {
    struct statx status{};
    if (::statx(AT_FDCWD, path.data(), AT_NO_AUTOMOUNT, 0, &status) != 0)
      reporter.give_up(Stage::kPropagation);
    if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) break;
    char* const slash = std::strrchr(path.data(), '/');
    if (slash == nullptr || slash == path.data()) {
      std::memcpy(path.data(), "/", 2);
      break;
    }
    *slash = '\0';
  }
  if (::mount("", path.data(), "", MS_PRIVATE, nullptr) != 0) reporter.give_up(Stage::kPropagation);
}

int mount_root(const Plan& plan, const Reporter& reporter) {
  if (::mount("", "/", "", plan.root_propagation, nullptr) != 0)
    reporter.give_up(Stage::kPropagation);
  const bool shared = (plan.root_propagation & MS_SHARED) != 0;
  if (shared) make_holder_private(plan, reporter);
  const int place = ::open(plan.rootfs.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (place < 0) reporter.give_up(Stage::kRoot);
  const int root = ::open_tree(
      place, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | unsigned{AT_RECURSIVE});
  if (root < 0) reporter.give_up(Stage::kRoot);
  if (shared && change(root, {}, MS_PRIVATE, true) != 0) reporter.give_up(Stage::kRoot);
  if (attach(root, place) != 0) reporter.give_up(Stage::kRoot);
  ::close(place);
  return root;
}

int configure(int context, const PlannedMount& mount) {
  if (!mount.source.empty() &&
      ::fsconfig(context, FSCONFIG_SET_STRING, "source", mount.source.c_str(), 0) != 0)
    return -1;
  for (const Parameter& parameter : mount.options.parameters) {
    const int done = parameter.is_flag
                         ? ::fsconfig(context, FSCONFIG_SET_FLAG, parameter.key.c_str(), nullptr, 0)
                         : ::fsconfig(context, FSCONFIG_SET_STRING, parameter.key.c_str(),
                                      parameter.value.c_str(), 0);
    if (done != 0) return -1;
  }
  return ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
}

int make_filesystem(const PlannedMount& mount) {
  const int context = ::fsopen(mount.type.c_str(), FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  int fd = -1;
  if (configure(context, mount) == 0)
    fd = ::fsmount(context, FSMOUNT_CLOEXEC, static_cast<unsigned>(mount.options.attributes.set));
  const int os_error = errno;
  ::close(context);
  errno = os_error;
  return fd;
}

// All that was written after the mount: propagation in its order, and attributes of what is below.
int finish_mount(int fd, const PlannedMount& mount) {
  if (!mount.options.below.empty() && change(fd, mount.options.below, 0, true) != 0) return -1;
  for (const PropagationChange& wanted : mount.options.propagation) {
    if (change(fd, {}, wanted.flag, wanted.recursive) != 0) return -1;
  }
  return 0;
}

// Opens where mount `i` will be, refusing what would redirect the kernel's own files: a mount into
// a procfs but for the few that are allowed (CVE-2019-16884 and its kin). The kernel is asked, not
// the path: a link may have led there.
int open_target(const Prepared& prepared, std::size_t i, int root, const Reporter& reporter) {
  const PlannedMount& mount = prepared.plan->mounts[i];
  const bool file = mount.kind == Source::kTree && prepared.tree_is_directory[i] == 0;
  const Make make = mount.kind == Source::kRemount ? Make::kNothing
                    : file                         ? Make::kFile
                                                   : Make::kDirectory;
  const Links links = mount.links_refused ? Links::kRefuse : Links::kFollow;
  const int target = open_in_root_path(root, mount.destination.c_str(), make, links);
  if (target < 0) reporter.give_up(Stage::kMountTarget, i);
  struct statfs filesystem{};
  if (::fstatfs(target, &filesystem) != 0) reporter.give_up(Stage::kMountTarget, i);
  const bool whole = mount.destination == "proc" || mount.kind == Source::kRemount;
  if (filesystem.f_type == PROC_SUPER_MAGIC && !mount.is_proc_file && !whole)
    reporter.give_up(Stage::kMountOverProc, i, EPERM);
  return target;
}

void mount_one(const Prepared& prepared, std::size_t i, int root, const Reporter& reporter) {
  const PlannedMount& mount = prepared.plan->mounts[i];
  const int target = open_target(prepared, i, root, reporter);
  int fd = -1;
  switch (mount.kind) {
    case Source::kTree:
      fd = prepared.trees[i].get();
      break;
    case Source::kFilesystem:
      fd = make_filesystem(mount);
      break;
    case Source::kRemount:
      fd = target;
      if (change(fd, mount.options.attributes, 0, false) != 0) reporter.give_up(Stage::kMount, i);
      break;
  }
  if (fd < 0) reporter.give_up(Stage::kMount, i);
  if (mount.options.copy_up && copy_tree(target, fd) != 0) reporter.give_up(Stage::kCopyUp, i);
  if (mount.kind != Source::kRemount && attach(fd, target) != 0) reporter.give_up(Stage::kMount, i);
  if (finish_mount(fd, mount) != 0) reporter.give_up(Stage::kMount, i);
  ::close(target);
  if (mount.kind != Source::kRemount) ::close(fd);
}

}  // namespace

int make_rootfs(const Prepared& prepared, const Reporter& reporter) noexcept {
  const int root = mount_root(*prepared.plan, reporter);
  for (std::size_t i = 0; i < prepared.plan->mounts.size(); ++i)
    mount_one(prepared, i, root, reporter);
  make_devices(prepared, root, reporter);
  const std::string& cwd = prepared.plan->process.cwd;
  const int work = open_in_root_path(root, cwd.c_str(), Make::kDirectory, Links::kFollow);
  // Said later, by chdir, with the words for it.
  if (work >= 0) ::close(work);
  return root;
}

void pivot(const Plan& plan, int root, const Reporter& reporter) noexcept {
  if (::fchdir(root) != 0) reporter.give_up(Stage::kPivot);
  if (!plan.pivots) {
    if (::move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0 ||
        ::fchdir(root) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0)
      reporter.give_up(Stage::kPivot);
    return;
  }
  const int old_root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old_root < 0) reporter.give_up(Stage::kPivot);
  // The old root lies on the new one until it is taken off, and needs no directory for that.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) reporter.give_up(Stage::kPivot);
  if (::fchdir(old_root) != 0) reporter.give_up(Stage::kPivot);
  // As a slave, so that taking it off here takes nothing off on the host.
  if (::mount("", ".", "", MS_SLAVE | MS_REC, nullptr) != 0) reporter.give_up(Stage::kPivot);
  if (::umount2(".", MNT_DETACH) != 0) reporter.give_up(Stage::kPivot);
  ::close(old_root);
  if (::chdir("/") != 0) reporter.give_up(Stage::kPivot);
}

}  // namespace plimsoll::runtime
