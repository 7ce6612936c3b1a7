#include "runtime/engine/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/read_file.h"

namespace plimsoll::engine {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::vector<std::string> names_of(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Result<> write_whole(const Fd& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_failure("write", path);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> remove_below(int parent, const char* name, dev_t device) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return os_failure("unlinkat", name);
  {
    const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? Result<>() : os_failure("openat", name);
    const Directory directory(::fdopendir(fd));
    if (!directory) {
      const int os_error = errno;
      ::close(fd);
      return os_failure("fdopendir", name, os_error);
    }
    struct stat facts{};
    if (::fstat(fd, &facts) != 0) return os_failure("fstat", name);
    if (device != 0 && facts.st_dev != device)
      return failure(ErrorKind::kBusy, "remove", std::string(name) + " is mounted");
    for (const std::string& entry : names_of(directory.get()))
      PLIMSOLL_TRY(in(name, remove_below(fd, entry.c_str(), facts.st_dev)));
  }
  if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    return os_failure("unlinkat", name);
  return {};
}

}  // namespace

Result<> make_directories(const std::string& path, mode_t last) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const bool ends = at == std::string::npos;
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), ends ? last : 0755) != 0 && errno != EEXIST)
      return os_failure("mkdir", part);
    if (ends) return {};
  }
}

Result<> replace_file(const std::string& path, std::string_view text, mode_t mode, Keep keep) {
  const std::string temporary = path + ".new";
  {
    const Fd file(
        ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) return os_failure("open", temporary);
    PLIMSOLL_TRY(write_whole(file, text, temporary));
    if (keep == Keep::kMachine && ::fdatasync(file.get()) != 0)
      return os_failure("fdatasync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return os_failure("rename", path);
  return {};
}

Result<> rewrite_file(const std::string& path, std::string_view text, mode_t mode) {
  const Fd file(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return os_failure("open", path);
  return write_whole(file, text, path);
}

Result<std::string> read_text(const std::string& path) {
  return read_file_at(DirFd(AT_FDCWD), path.c_str());
}

Result<> remove_tree(const std::string& path) {
  return remove_below(AT_FDCWD, path.c_str(), 0);
}

std::vector<std::string> names_in(const std::string& path) {
  const Directory directory(::opendir(path.c_str()));
  return directory ? names_of(directory.get()) : std::vector<std::string>();
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace plimsoll::engine
