#include "runtime/engine/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plimsoll::engine {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<std::vector<std::string>> names_of(const Fd& directory) {
  const int fd = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure("openat", ".");
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd));
  if (!stream) {
    const int os_error = errno;
    ::close(fd);
    return os_failure("fdopendir", ".", os_error);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

class Copy {
 public:
  Result<> directory(const Fd& from, const Fd& to) {
    const std::vector<std::string> names = PLIMSOLL_TRY(names_of(from));
    for (const std::string& name : names) PLIMSOLL_TRY(in(name, entry(from, to, name)));
    struct stat facts{};
    if (::fstat(from.get(), &facts) != 0) return os_failure("fstat", "directory");
    if (::fchown(to.get(), facts.st_uid, facts.st_gid) != 0)
      return os_failure("fchown", "directory");
    if (::fchmod(to.get(), facts.st_mode & 07777U) != 0) return os_failure("fchmod", "directory");
    PLIMSOLL_TRY(attributes(from, to));
    const std::array times{facts.st_atim, facts.st_mtim};
    if (::futimens(to.get(), times.data()) != 0) return os_failure("futimens", "directory");
    return {};
  }

 private:
  Result<> entry(const Fd& from, const Fd& to, const std::string& name) {
    struct stat facts{};
    if (::fstatat(from.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fstatat", name);
    if (S_ISDIR(facts.st_mode)) {
      if (::mkdirat(to.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
        return os_failure("mkdirat", name);
      const Fd below_from = PLIMSOLL_TRY(open(from, name, O_RDONLY | O_DIRECTORY));
      const Fd below_to = PLIMSOLL_TRY(open(to, name, O_RDONLY | O_DIRECTORY));
      return directory(below_from, below_to);
    }
    if (facts.st_nlink > 1 && !S_ISLNK(facts.st_mode)) {
      const auto [first, fresh] = linked_.try_emplace({facts.st_dev, facts.st_ino});
      if (!fresh) {
        // The descriptor of the first copy: its name may be in another directory.
        const std::string path = "/proc/self/fd/" + std::to_string(first->second.get());
        if (::linkat(AT_FDCWD, path.c_str(), to.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0)
          return os_failure("linkat", name);
        return {};
      }
      PLIMSOLL_TRY(single(from, to, name, facts));
      first->second = PLIMSOLL_TRY(open(to, name, O_PATH));
      return {};
    }
    return single(from, to, name, facts);
  }

  static Result<Fd> open(const Fd& directory, const std::string& name, int flags) {
    Fd fd(::openat(directory.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return os_failure("openat", name);
    return fd;
  }

  Result<> single(const Fd& from, const Fd& to, const std::string& name, const struct stat& facts) {
    if (S_ISREG(facts.st_mode)) {
      const Fd source = PLIMSOLL_TRY(open(from, name, O_RDONLY | O_NONBLOCK));
      const Fd target(::openat(to.get(), name.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!target) return os_failure("openat", name);
      PLIMSOLL_TRY(content(source, target));
      PLIMSOLL_TRY(attributes(source, target));
    } else if (S_ISLNK(facts.st_mode)) {
      std::string target(static_cast<std::size_t>(facts.st_size) + 1, '\0');
      const ssize_t size = ::readlinkat(from.get(), name.c_str(), target.data(), target.size());
      if (size < 0) return os_failure("readlinkat", name);
      target.resize(static_cast<std::size_t>(size));
      if (::symlinkat(target.c_str(), to.get(), name.c_str()) != 0)
        return os_failure("symlinkat", name);
    } else if (::mknodat(to.get(), name.c_str(), facts.st_mode, facts.st_rdev) != 0) {
      return os_failure("mknodat", name);
    }
    if (::fchownat(to.get(), name.c_str(), facts.st_uid, facts.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("fchownat", name);
    // After the owner, whose change takes set-id bits away.
    if (!S_ISLNK(facts.st_mode) &&
        ::fchmodat(to.get(), name.c_str(), facts.st_mode & 07777U, 0) != 0)
      return os_failure("fchmodat", name);
    const std::array times{facts.st_atim, facts.st_mtim};
    if (::utimensat(to.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      return os_failure("utimensat", name);
    return {};
  }

  static Result<> content(const Fd& from, const Fd& to) {
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os_failure("read", "file");
      if (count == 0) return {};
      for (ssize_t done = 0; done < count;) {
        const ssize_t written =
            ::write(to.get(), buffer.data() + done, static_cast<std::size_t>(count - done));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return os_failure("write", "file");
        done += written;
      }
    }
  }

  // Where the target takes none (tmpfs and "user."), it goes without.
  static Result<> attributes(const Fd& from, const Fd& to) {
    const ssize_t size = ::flistxattr(from.get(), nullptr, 0);
    if (size <= 0) return {};
    std::string names(static_cast<std::size_t>(size), '\0');
    const ssize_t got = ::flistxattr(from.get(), names.data(), names.size());
    if (got <= 0) return {};
    names.resize(static_cast<std::size_t>(got));
    for (std::string_view rest = names; !rest.empty();) {
      const std::string name(rest.substr(0, rest.find('\0')));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      std::array<char, 65536> value{};
      const ssize_t length = ::fgetxattr(from.get(), name.c_str(), value.data(), value.size());
      if (length < 0) continue;
      if (::fsetxattr(to.get(), name.c_str(), value.data(), static_cast<std::size_t>(length), 0) !=
              0 &&
          errno != ENOTSUP && errno != EPERM)
        return os_failure("fsetxattr", name);
    }
    return {};
  }

  std::map<std::pair<dev_t, ino_t>, Fd> linked_;
};

}  // namespace

Result<> copy_tree(const Fd& from, const Fd& to) {
  return Copy().directory(from, to);
}

Result<bool> is_empty_directory(const Fd& directory) {
  const std::vector<std::string> names = PLIMSOLL_TRY(names_of(directory));
  return names.empty();
}

}  // namespace plimsoll::engine
