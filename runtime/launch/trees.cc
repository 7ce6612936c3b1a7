#include "runtime/launch/trees.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/fill_in.h"
#include "runtime/launch/act.h"
#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

Failure mount_failure(const PlannedMount& mount, const char* call, int os_error) {
  return failure(kind_of(os_error), "launch",
                 fill_in("error mounting \"{}\" to rootfs at \"/{}\": {}: {}", mount.source,
                         mount.destination, call, go_text(os_error)));
}

Result<> write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return os_failure("open", path);
  const Fd file(fd);
  // One write: the kernel takes a map whole or not at all.
  if (::write(file.get(), text.data(), text.size()) < 0) return os_failure("write", path);
  return {};
}

Result<> map_ids(const PlannedMount& mount, const Plan& plan, const Fd& tree) {
  if (mount.options.id_map == IdMap::kNone && mount.uid_mappings.empty()) return {};
  const bool own = !mount.uid_mappings.empty();
  if (!own && plan.uid_map.empty())
    return invalid_input("launch", fill_in("mount /{}: idmap without mappings, and the "
                                           "container has no user namespace of its own",
                                           mount.destination));
  const Fd user =
      PLIMSOLL_TRY(make_user_namespace(own ? id_map_text(mount.uid_mappings) : plan.uid_map,
                                       own ? id_map_text(mount.gid_mappings) : plan.gid_map));
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<__u64>(user.get());
  const unsigned flags =
      AT_EMPTY_PATH | (mount.options.id_map == IdMap::kTree ? unsigned{AT_RECURSIVE} : 0U);
  if (::mount_setattr(tree.get(), "", flags, &attr, sizeof attr) != 0)
    return mount_failure(mount, "mount_setattr(MOUNT_ATTR_IDMAP)", errno);
  return {};
}

Result<Fd> open_bind(const PlannedMount& mount, const Plan& plan) {
  const bool whole = mount.options.bind == BindMode::kTree;
  const int fd =
      ::open_tree(AT_FDCWD, mount.source.c_str(),
                  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (whole ? unsigned{AT_RECURSIVE} : 0U));
  if (fd < 0) return mount_failure(mount, errno == ENOENT ? "stat" : "open_tree", errno);
  Fd tree(fd);
  if (mount.destination == "proc") {
    struct statfs filesystem{};
    if (::fstatfs(fd, &filesystem) != 0) return mount_failure(mount, "statfs", errno);
    if (filesystem.f_type != PROC_SUPER_MAGIC)
      return failure(
          ErrorKind::kInvalidInput, "launch",
          fill_in("\"{}\" cannot be mounted because it is not of type proc", mount.source));
  }
  PLIMSOLL_TRY(map_ids(mount, plan, tree));
  // As if copied from the container's own view of the host, which is no peer of the host's.
  mount_attr apart{};
  if ((plan.root_propagation & MS_SHARED) == 0)
    apart.propagation = plan.root_propagation & (MS_SLAVE | MS_PRIVATE);
  mount_attr attr{};
  attr.attr_set = mount.options.attributes.set;
  attr.attr_clr = mount.options.attributes.clear;
  if (!whole) attr.propagation = apart.propagation;
  if ((attr.attr_set | attr.attr_clr | attr.propagation) != 0 &&
      ::mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof attr) != 0)
    return mount_failure(mount, "mount_setattr", errno);
  if (whole && apart.propagation != 0) {
    if (::mount_setattr(fd, "", AT_EMPTY_PATH | unsigned{AT_RECURSIVE}, &apart, sizeof apart) != 0)
      return mount_failure(mount, "mount_setattr", errno);
  }
  return tree;
}

Result<Fd> open_device(const PlannedDevice& device) {
  const std::string path = "/" + device.path;
  const int fd = ::open_tree(AT_FDCWD, path.c_str(),
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
  if (fd < 0) return os_failure("open_tree", path);
  Fd tree(fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return os_failure("fstat", path);
  if ((status.st_mode & S_IFMT) != (device.mode & S_IFMT) || status.st_rdev != device.number)
    return failure(ErrorKind::kInvalidInput, "launch",
                   fill_in("device {}: the host's {} is another one, and in a user namespace "
                           "no new one can be made",
                           path, path));
  return tree;
}

}  // namespace

std::string id_map_text(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& mapping : mappings)
    text += fill_in("{} {} {}\n", mapping.container_id, mapping.host_id, mapping.size);
  return text;
}

Result<> write_id_maps(pid_t pid, const std::string& uid_map, const std::string& gid_map) {
  const std::string directory = fill_in("/proc/{}/", pid);
  PLIMSOLL_TRY(write_file(directory + "uid_map", uid_map));
  return write_file(directory + "gid_map", gid_map);
}

Result<Fd> make_user_namespace(const std::string& uid_map, const std::string& gid_map) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = clone3(arguments);
  if (pid < 0) return os_failure("clone3", "a user namespace for an idmapped mount");
  if (pid == 0) {
    for (;;) ::pause();
  }
  const auto open_it = [&]() -> Result<Fd> {
    PLIMSOLL_TRY(write_id_maps(pid, uid_map, gid_map));
    const std::string path = fill_in("/proc/{}/ns/user", pid);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return os_failure("open", path);
    return Fd(fd);
  };
  Result<Fd> user = open_it();
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return user;
}

Result<> open_trees(const Plan& plan, Prepared& prepared) {
  prepared.trees.resize(plan.mounts.size());
  prepared.tree_is_directory.resize(plan.mounts.size(), 1);
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    if (plan.mounts[i].kind != Source::kTree) continue;
    prepared.trees[i] = PLIMSOLL_TRY(open_bind(plan.mounts[i], plan));
    struct stat status{};
    if (::fstat(prepared.trees[i].get(), &status) != 0)
      return mount_failure(plan.mounts[i], "fstat", errno);
    prepared.tree_is_directory[i] = S_ISDIR(status.st_mode) ? 1 : 0;
  }
  if (!plan.has_user_namespace) return {};
  for (const PlannedDevice& device : plan.devices)
    prepared.device_trees.push_back(PLIMSOLL_TRY(open_device(device)));
  return {};
}

Result<> open_joins(const Plan& plan, Prepared& prepared) {
  for (const Join& join : plan.joins) {
    const int fd = ::open(join.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      return failure(kind_of(errno), "launch", fill_in("lstat {}: {}", join.path, go_text(errno)));
    prepared.joins.emplace_back(fd);
    // A namespace of another kind, or no namespace, must not be found out half-way.
    const int type = ::ioctl(fd, NS_GET_NSTYPE);
    if (type < 0 || static_cast<std::uint64_t>(type) != join.flag)
      return invalid_input("launch", fill_in("/linux/namespaces: {} is not a namespace of the "
                                             "kind it is given for",
                                             join.path));
  }
  return {};
}

Result<> open_groups(const Plan& plan, Prepared& prepared) {
  for (const std::string& file : plan.group_files)
    prepared.groups.push_back(PLIMSOLL_TRY(open_at(DirFd(AT_FDCWD), file.c_str(), O_WRONLY)));
  return {};
}

}  // namespace plimsoll::runtime
