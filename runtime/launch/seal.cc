#include "runtime/launch/seal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

namespace plimsoll::runtime {

namespace {

constexpr const char* kSelf = "/proc/self/exe";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Asked of the kernel: a word in the environment could lie.
bool is_sealed(const Fd& self) {
  struct statvfs status{};
  if (::fstatvfs(self.get(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0) return true;
  const int seals = ::fcntl(self.get(), F_GET_SEALS);
  return seals >= 0 && (seals & kSeals) == kSeals;
}

Fd read_only_mount() {
  Fd tree(::open_tree(AT_FDCWD, kSelf, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return tree;
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attr, sizeof attr) != 0) return {};
  return tree;
}

Result<Fd> sealed_copy(const Fd& self) {
  Fd copy(::memfd_create("plimsoll-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return os_failure("memfd_create", kSelf);
  struct stat status{};
  if (::fstat(self.get(), &status) != 0) return os_failure("fstat", kSelf);
  for (off_t done = 0; done < status.st_size;) {
    const ssize_t n =
        ::sendfile(copy.get(), self.get(), &done, static_cast<std::size_t>(status.st_size - done));
    if (n < 0) return os_failure("sendfile", kSelf);
    if (n == 0) break;
  }
  if (::fchmod(copy.get(), 0500) != 0) return os_failure("fchmod", kSelf);
  if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0) return os_failure("fcntl", kSelf);
  return copy;
}

}  // namespace

Result<> run_from_sealed_self(char* const* argv, char* const* envp) {
  const Fd self(::open(kSelf, O_RDONLY | O_CLOEXEC));
  if (!self) return os_failure("open", kSelf);
  if (is_sealed(self)) return {};
  if (const Fd tree = read_only_mount())
    ::syscall(SYS_execveat, tree.get(), "", argv, envp, AT_EMPTY_PATH);
  const Fd copy = PLIMSOLL_TRY(sealed_copy(self));
  ::syscall(SYS_execveat, copy.get(), "", argv, envp, AT_EMPTY_PATH);
  return os_failure("execveat", kSelf);
}

}  // namespace plimsoll::runtime
