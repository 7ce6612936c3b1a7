#include "runtime/image/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <memory>

namespace plimsoll::image {

Result<DirFd> make_dir_at(const DirFd& parent, const std::string& name, unsigned mode) {
  if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST)
    return os_failure("mkdirat", name);
  DirFd directory(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return os_failure("openat", name);
  // The umask had a say.
  if (::fchmod(directory.get(), mode) != 0) return os_failure("fchmod", name);
  return directory;
}

Result<> write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("write", "the store");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> write_new(const DirFd& directory, const std::string& name, std::string_view text) {
  const Fd file(::openat(directory.get(), name.c_str(),
                         O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return os_failure("openat", name);
  PLIMSOLL_TRY(in(name, write_all(file, text)));
  if (::fsync(file.get()) != 0) return os_failure("fsync", name);
  return {};
}

Result<> replace_file(const DirFd& directory, const std::string& name, std::string_view text) {
  const std::string temporary = "." + name + ".new";
  if (::unlinkat(directory.get(), temporary.c_str(), 0) != 0 && errno != ENOENT)
    return os_failure("unlinkat", temporary);
  PLIMSOLL_TRY(write_new(directory, temporary, text));
  if (::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0)
    return os_failure("renameat", name);
  return sync(directory);
}

Result<std::string> read_document(const Fd& file) {
  constexpr off_t kMost = off_t{8} << 20;
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return os_failure("fstat", "a document");
  if (!S_ISREG(status.st_mode) || status.st_size > kMost)
    return invalid_input("read", "a document that is no file of at most 8 MiB");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n =
        ::pread(file.get(), text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("pread", "a document");
    if (n == 0) return failure(ErrorKind::kIo, "pread", "a document became shorter");
    at += static_cast<std::size_t>(n);
  }
  return text;
}

Result<std::vector<std::string>> names_in(const DirFd& directory) {
  const int fd = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("openat", ".");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(fd), &::closedir);
  if (!entries) return os_failure("fdopendir", ".");
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return os_failure("readdir", ".");
  std::ranges::sort(names);
  return names;
}

bool exists_at(const DirFd& directory, const std::string& name) {
  struct stat status{};
  return ::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

namespace {

// Directories nested deeper than this are brought up first: a container may have made more of them
// than there are descriptors.
constexpr int kDeepest = 64;

class Remover {
 public:
  explicit Remover(const DirFd& top) : top_(top) {}

  Result<> run(const std::string& name) {
    PLIMSOLL_TRY(remove(top_, name, 0));
    while (!brought_up_.empty()) {
      const std::string next = std::move(brought_up_.back());
      brought_up_.pop_back();
      PLIMSOLL_TRY(remove(top_, next, 0));
    }
    return {};
  }

 private:
  Result<> remove(const DirFd& parent, const std::string& name, int depth) {
    if (::unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return os_failure("unlinkat", name);
    if (depth > kDeepest) return bring_up(parent, name);
    {
      const DirFd directory = PLIMSOLL_TRY(enter(parent, name));
      const std::vector<std::string> names = PLIMSOLL_TRY(names_in(directory));
      for (const std::string& below : names) PLIMSOLL_TRY(remove(directory, below, depth + 1));
    }
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
      return os_failure("rmdir", name);
    return {};
  }

  // A mount of the same file system has the same device number: only the kernel can tell.
  static Result<DirFd> enter(const DirFd& parent, const std::string& name) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
    DirFd directory(
        static_cast<int>(::syscall(SYS_openat2, parent.get(), name.c_str(), &how, sizeof how)));
    if (directory) return directory;
    if (errno == EXDEV)
      return failure(ErrorKind::kBusy, "remove", name + ": something is mounted there");
    return os_failure("openat2", name);
  }

  Result<> bring_up(const DirFd& parent, const std::string& name) {
    std::string up;
    do {
      up = ".deep-" + std::to_string(count_++);
    } while (exists_at(top_, up));
    if (::renameat(parent.get(), name.c_str(), top_.get(), up.c_str()) != 0)
      return os_failure("renameat", name);
    brought_up_.push_back(std::move(up));
    return {};
  }

  const DirFd& top_;
  std::vector<std::string> brought_up_;
  unsigned count_ = 0;
};

}  // namespace

Result<> remove_tree(const DirFd& parent, const std::string& name) {
  return Remover(parent).run(name);
}

Result<std::string> read_link(const DirFd& directory, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t n = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
  if (n < 0) return os_failure("readlinkat", name);
  return std::string(target.data(), static_cast<std::size_t>(n));
}

Result<std::string> path_of(const DirFd& directory) {
  const DirFd numbers = PLIMSOLL_TRY(open_dir("/proc/self/fd"));
  return read_link(numbers, std::to_string(directory.get()));
}

Result<DirFd> reopen(const DirFd& directory) {
  DirFd again(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) return os_failure("openat", ".");
  return again;
}

Result<> sync(const DirFd& directory) {
  const DirFd readable = PLIMSOLL_TRY(reopen(directory));
  if (::fsync(readable.get()) != 0) return os_failure("fsync", "a directory of the store");
  return {};
}

}  // namespace plimsoll::image
