#include "runtime/launch/copy_up.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>

#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

constexpr int kDeepest = 64;  // Frames of 4 KiB on the child's stack.

struct Entry {  // linux_dirent64, getdents64(2)
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short size;
  unsigned char type;
  char name[1];
};

int copy_directory(int from, int to, int depth) noexcept;

int copy_file(int from_directory, int to_directory, const char* name, mode_t mode) noexcept {
  const int from = ::openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return -1;
  const int to = ::openat(to_directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
  ssize_t n = to < 0 ? -1 : 1;
  while (n > 0) n = ::sendfile(to, from, nullptr, 1U << 20U);
  const int os_error = errno;
  ::close(from);
  if (to >= 0) ::close(to);
  errno = os_error;
  return n < 0 ? -1 : 0;
}

int copy_link(int from_directory, int to_directory, const char* name) noexcept {
  std::array<char, PATH_MAX> target{};
  const ssize_t n = ::readlinkat(from_directory, name, target.data(), target.size() - 1);
  if (n < 0) return -1;
  target[static_cast<std::size_t>(n)] = '\0';
  return ::symlinkat(target.data(), to_directory, name);
}

int copy_below(int from_directory, int to_directory, const char* name, mode_t mode,
               int depth) noexcept {
  if (::mkdirat(to_directory, name, mode & 07777U) != 0) return -1;
  const int from = ::openat(from_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const int to = ::openat(to_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const int done = from < 0 || to < 0 ? -1 : copy_directory(from, to, depth + 1);
  const int os_error = errno;
  if (from >= 0) ::close(from);
  if (to >= 0) ::close(to);
  errno = os_error;
  return done;
}

int copy_entry(int from, int to, const char* name, int depth) noexcept {
  struct stat status{};
  if (::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  int done = 0;
  if (S_ISREG(status.st_mode)) {
    done = copy_file(from, to, name, status.st_mode & 07777U);
  } else if (S_ISDIR(status.st_mode)) {
    done = copy_below(from, to, name, status.st_mode, depth);
  } else if (S_ISLNK(status.st_mode)) {
    done = copy_link(from, to, name);
  } else {
    return 0;
  }
  if (done != 0 || ::fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    return -1;
  // chown takes set-id bits away.
  if (!S_ISLNK(status.st_mode) && ::fchmodat(to, name, status.st_mode & 07777U, 0) != 0) return -1;
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  return ::utimensat(to, name, times.data(), AT_SYMLINK_NOFOLLOW);
}

int copy_directory(int from, int to, int depth) noexcept {
  if (depth > kDeepest) {
    errno = ELOOP;
    return -1;
  }
  alignas(Entry) std::array<char, 2048> entries{};
  for (;;) {
    const long n = ::syscall(SYS_getdents64, from, entries.data(), entries.size());
    if (n <= 0) return static_cast<int>(n);
    for (long at = 0; at < n;) {
      const auto* const entry = reinterpret_cast<const Entry*>(entries.data() + at);
      const char* const name = entries.data() + at + offsetof(Entry, name);
      at += entry->size;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (copy_entry(from, to, name, depth) != 0) return -1;
    }
  }
}

}  // namespace

int copy_tree(int from, int to) noexcept {
  const int source = ::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (source < 0) return -1;
  struct stat status{};
  int done = ::fstat(source, &status);
  if (done == 0) done = copy_directory(source, to, 0);
  if (done == 0) done = ::fchownat(to, ".", status.st_uid, status.st_gid, 0);
  if (done == 0) done = ::fchmodat(to, ".", status.st_mode & 07777U, 0);
  const int os_error = errno;
  ::close(source);
  errno = os_error;
  return done;
}

}  // namespace plimsoll::runtime
