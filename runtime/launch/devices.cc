// /dev of a container: nodes, or the host's nodes bound where nodes cannot be made, and links. All
// of it relative to descriptors below the root: an image whose /dev is a link makes nothing on the
// host (CVE-2026-41579).
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/launch/child.h"
#include "runtime/launch/in_root.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

bool is_device(int directory, const char* name, const PlannedDevice& device) {
  struct stat status{};
  return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         (status.st_mode & S_IFMT) == (device.mode & S_IFMT) &&
         (S_ISFIFO(device.mode) || status.st_rdev == device.number);
}

int make_node(int root, const PlannedDevice& device) {
  const Parent parent = open_parent(root, device.path.c_str());
  if (parent.directory < 0) return -1;
  int done = ::mknodat(parent.directory, parent.name, device.mode, device.number);
  if (done != 0 && errno == EEXIST) {
    // The image's own node will do if it is the same; anything else in its place goes.
    if (is_device(parent.directory, parent.name, device)) {
      done = 0;
    } else if (::unlinkat(parent.directory, parent.name, 0) == 0) {
      done = ::mknodat(parent.directory, parent.name, device.mode, device.number);
    }
  } else if (done == 0 && (device.uid != 0 || device.gid != 0)) {
    done = ::fchownat(parent.directory, parent.name, device.uid, device.gid, AT_SYMLINK_NOFOLLOW);
  }
  const int os_error = errno;
  ::close(parent.directory);
  errno = os_error;
  return done;
}

int bind_node(int root, const PlannedDevice& device, int tree) {
  const int target = open_in_root_path(root, device.path.c_str(), Make::kFile, Links::kFollow);
  if (target < 0) return -1;
  const int done =
      ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  const int os_error = errno;
  ::close(target);
  errno = os_error;
  return done;
}

int make_link(int root, const Link& link) {
  const Parent parent = open_parent(root, link.path.c_str());
  if (parent.directory < 0) return -1;
  int done = ::symlinkat(link.target.c_str(), parent.directory, parent.name);
  if (done != 0 && errno == EEXIST) {
    done = 0;
    // A ptmx that is not the container's own opens terminals of somebody else.
    if (link.path == "dev/ptmx" && ::unlinkat(parent.directory, parent.name, 0) == 0)
      done = ::symlinkat(link.target.c_str(), parent.directory, parent.name);
  }
  const int os_error = errno;
  ::close(parent.directory);
  errno = os_error;
  return done;
}

}  // namespace

void make_devices(const Prepared& prepared, int root, const Reporter& reporter) noexcept {
  const Plan& plan = *prepared.plan;
  for (std::size_t i = 0; i < plan.devices.size(); ++i) {
    const int done = plan.has_user_namespace
                         ? bind_node(root, plan.devices[i], prepared.device_trees[i].get())
                         : make_node(root, plan.devices[i]);
    if (done != 0) reporter.give_up(Stage::kDevice, i);
  }
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    if (make_link(root, plan.links[i]) != 0) reporter.give_up(Stage::kDeviceLink, i);
  }
}

}  // namespace plimsoll::runtime
