#include "runtime/net/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "runtime/net/links.h"
#include "runtime/net/route_socket.h"

namespace plimsoll::net {

namespace {

// False: a file that nothing is mounted on, left by somebody who died between the two.
bool is_namespace(const std::string& path) {
  struct statfs facts{};
  return ::statfs(path.c_str(), &facts) == 0 && facts.f_type == NSFS_MAGIC;
}

Result<> enter_new(const NetnsPaths& paths) {
  if (::unshare(CLONE_NEWNET) != 0) return os_failure("unshare", "CLONE_NEWNET");
  RouteSocket socket = PLIMSOLL_TRY(RouteSocket::open());
  PLIMSOLL_TRY(set_up(socket, "lo"));
  PLIMSOLL_TRY(write_sysctl(paths.proc, "ipv4/ping_group_range", "0 2147483647"));
  PLIMSOLL_TRY(write_sysctl(paths.proc, "ipv4/ip_unprivileged_port_start", "0"));
  // Of links to come: those of networks with IPv6 are told otherwise. A kernel without IPv6 has no
  // such file.
  const Result<> off = write_sysctl(paths.proc, "ipv6/conf/default/disable_ipv6", "1");
  if (!off && off.error().kind != ErrorKind::kNotOffered) return off;
  const std::string self = paths.proc + "/thread-self/ns/net";
  if (::mount(self.c_str(), paths.path.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return os_failure("mount", paths.path);
  return {};
}

}  // namespace

Result<> write_sysctl(const std::string& proc, const std::string& name, std::string_view value) {
  const std::string path = proc + "/sys/net/" + name;
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return os_failure("open", path);
  if (::write(file.get(), value.data(), value.size()) < 0) return os_failure("write", path);
  return {};
}

Result<> make_netns(const NetnsPaths& paths) {
  if (is_namespace(paths.path)) return {};
  const Fd file(::open(paths.path.c_str(), O_CREAT | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0444));
  if (!file) return os_failure("open", paths.path);
  Result<> made;
  std::thread([&] { made = enter_new(paths); }).join();
  if (!made) ::unlink(paths.path.c_str());
  return made;
}

Result<> remove_netns(const std::string& path) {
  // EINVAL: nothing is mounted there.
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL &&
      errno != ENOENT)
    return os_failure("umount2", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure("unlink", path);
  return {};
}

Result<Fd> open_netns(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return os_failure("open", path);
  return fd;
}

Result<> in_netns(const Fd& netns, const std::function<Result<>()>& work) {
  Result<> done;
  std::thread([&] {
    if (::setns(netns.get(), CLONE_NEWNET) != 0)
      done = os_failure("setns", "network namespace");
    else
      done = work();
  }).join();
  return done;
}

}  // namespace plimsoll::net
