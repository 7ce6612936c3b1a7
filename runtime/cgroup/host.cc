#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/read_file.h"
#include "runtime/cgroup/container_cgroup.h"

namespace plimsoll::runtime {
namespace {

// A cgroup2 filesystem right at the root: the only hierarchy. Its mount table, which has a line for
// every mount of every container, need not be read.
bool is_unified(const DirFd& root) {
  struct statfs facts{};
  return ::fstatfs(root.get(), &facts) == 0 && facts.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

Result<CgroupHost> open_cgroup_host(const char* cgroup_root, const char* mountinfo,
                                    const char* sys) {
  const DirFd root = PLIMSOLL_TRY(open_dir(cgroup_root));
  ReadBuffer buffer;
  std::string_view mounts;
  if (!is_unified(root)) {
    const Fd file = PLIMSOLL_TRY(open_at(DirFd(AT_FDCWD), mountinfo, O_RDONLY));
    mounts = PLIMSOLL_TRY(buffer.read_all(file, mountinfo));
  }
  CgroupHost host;
  host.layout = PLIMSOLL_TRY(cgroupfs::open_layout(mounts, root, cgroup_root));
  host.sys = PLIMSOLL_TRY(open_dir(sys));
  return host;
}

}  // namespace plimsoll::runtime
