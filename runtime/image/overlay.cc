#include "runtime/image/overlay.h"

#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace plimsoll::image {

namespace {

std::string options_of(const OverlayMount& mount, std::string_view more) {
  std::string options = "lowerdir=";
  for (const std::string& layer : mount.lower) {
    if (!options.ends_with('=')) options += ':';
    options += layer;
  }
  if (!mount.upper.empty()) options += ",upperdir=" + mount.upper + ",workdir=" + mount.work;
  options += more;
  return options;
}

// Runs in a thread: its working directory is nobody else's.
int mount_from(int directory, const char* target, const char* options) {
  if (::unshare(CLONE_FS) != 0) return errno;
  if (::fchdir(directory) != 0) return errno;
  return ::mount("overlay", target, "overlay", 0, options) == 0 ? 0 : errno;
}

int mount_in_thread(const DirFd& directory, const std::string& target, const std::string& options) {
  int os_error = 0;
  sigset_t all{};
  sigset_t before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread mounter(
      [&] { os_error = mount_from(directory.get(), target.c_str(), options.c_str()); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  mounter.join();
  return os_error;
}

}  // namespace

Result<> mount_overlay(const DirFd& layers, const OverlayMount& mount) {
  // What a kernel's configuration may switch on, and what would put more into the upper directory
  // than what was changed: redirected names, inodes without data, an index of links.
  for (const char* more : {",index=off,redirect_dir=off,metacopy=off,volatile",
                           ",index=off,redirect_dir=off,metacopy=off", ""}) {
    if (!mount.is_volatile && std::string_view(more).ends_with(",volatile")) continue;
    const std::string options = options_of(mount, more);
    if (options.size() >= static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)))
      return failure(ErrorKind::kRejected, "mount", "max depth exceeded");
    const int os_error = mount_in_thread(layers, mount.target, options);
    if (os_error == 0) return {};
    // EINVAL: an older kernel does not know one of them.
    if (os_error != EINVAL || *more == '\0')
      return os_failure("mount", "overlay on " + mount.target, os_error);
  }
  return {};
}

Result<> unmount(const std::string& path) {
  while (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
  }
  if (errno == EINVAL || errno == ENOENT) return {};
  return os_failure("umount2", path);
}

bool is_overlay(const std::string& path) {
  struct statfs status{};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace plimsoll::image
