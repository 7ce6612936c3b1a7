#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/read_file.h"
#include "runtime/state/entries.h"
#include "runtime/state/seal.h"
#include "runtime/state/store.h"

namespace plimsoll::state {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

Result<> write_all(const Fd& file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("write", name);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// What was in it, and what was in that: nothing but files is ever made there.
Result<> empty(const DirFd& directory) {
  const std::vector<std::string> names = PLIMSOLL_TRY(entries_of(directory));
  for (const std::string& name : names)
    if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT)
      return os_failure("unlinkat", name);
  return {};
}

}  // namespace

Result<std::vector<std::string>> entries_of(const DirFd& directory) {
  // A descriptor of its own, since the position is shared with whoever else reads the directory.
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

// For what need not last. ext4, where a rename takes the place of a file, begins to write the new
// one to the disk at once; an exchange is as atomic and leaves that for later.
Result<> Directory::put_in_place(const std::string& temporary, const char* name) const {
  if (durability_ == Durability::kProcess &&
      ::renameat2(fd_.get(), temporary.c_str(), fd_.get(), name, RENAME_EXCHANGE) == 0) {
    if (::unlinkat(fd_.get(), temporary.c_str(), 0) != 0) return os_failure("unlinkat", temporary);
    return {};
  }
  // The first of its name, or a filesystem without exchange.
  if (::renameat(fd_.get(), temporary.c_str(), fd_.get(), name) != 0)
    return os_failure("renameat", name);
  return {};
}

Result<> Directory::write(const char* name, std::string_view text) const {
  // One writer at a time holds the lock, so one name will do; a dead writer's is overwritten.
  const std::string temporary = std::string(name) + ".new";
  const int fd = ::openat(fd_.get(), temporary.c_str(),
                          O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return os_failure("openat", temporary);
  const Fd file(fd);
  PLIMSOLL_TRY(write_all(file, text, temporary));
  const bool lasting = durability_ == Durability::kMachine;
  if (lasting && ::fsync(file.get()) != 0) return os_failure("fsync", temporary);
  PLIMSOLL_TRY(put_in_place(temporary, name));
  if (lasting && ::fsync(fd_.get()) != 0) return os_failure("fsync", id_);
  return {};
}

Result<std::string> Directory::read(const char* name) const {
  return read_file_at(fd_, name, kMostBytes);
}

Result<> Directory::write_sealed(const char* name, std::string_view text) const {
  return write(name, seal(text));
}

Result<std::string> Directory::read_sealed(const char* name) const {
  const std::string sealed = PLIMSOLL_TRY(read(name));
  const std::string_view text = PLIMSOLL_TRY(in(name, unseal(sealed)));
  return std::string(text);
}

Result<> Directory::remove() const {
  PLIMSOLL_TRY(empty(fd_));
  if (::unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return os_failure("unlinkat", id_);
  if (durability_ == Durability::kMachine && ::fsync(root_.get()) != 0)
    return os_failure("fsync", "the state directory");
  return {};
}

}  // namespace plimsoll::state
