#include "base/open_in_root.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

namespace plimsoll {

namespace {

constexpr int kMostLinks = 40;  // As the kernel's.

class Walk {
 public:
  Walk(const DirFd& root, const std::string& path, int flags)
      : root_(root), path_(path), rest_(path), flags_(flags) {}

  Result<Fd> run() {
    for (;;) {
      const std::string name = take_name();
      if (name.empty()) return open(".", flags_);
      if (name == ".") continue;
      if (name == "..") {
        if (!above_.empty()) above_.pop_back();  // Above the root is the root.
        continue;
      }
      Fd found = PLIMSOLL_TRY(open(name, O_PATH | O_NOFOLLOW));
      struct stat status{};
      if (::fstat(found.get(), &status) != 0) return os_failure("fstat", path_);
      if (S_ISLNK(status.st_mode) && !(is_last() && (flags_ & O_NOFOLLOW) != 0)) {
        PLIMSOLL_TRY(follow(found));
      } else if (is_last()) {
        // Looked at before: if it has become a link since, it is not followed.
        return open(name, flags_ | O_NOFOLLOW);
      } else {
        above_.push_back(std::move(found));
      }
    }
  }

 private:
  [[nodiscard]] int here() const { return above_.empty() ? root_.get() : above_.back().get(); }
  [[nodiscard]] bool is_last() const { return rest_.empty(); }

  // "a/b//c" -> "a", leaving "b//c"; "" at the end. A slash at the end asks for a directory: ".".
  std::string take_name() {
    rest_.erase(0, rest_.find_first_not_of('/'));
    const std::size_t end = rest_.find('/');
    std::string name = rest_.substr(0, end);
    rest_.erase(0, end);
    if (!rest_.empty() && rest_.find_first_not_of('/') == std::string::npos) rest_ = "/.";
    return name;
  }

  Result<> follow(const Fd& link) {
    if (++links_ > kMostLinks) return os_failure("open", path_, ELOOP);
    std::array<char, PATH_MAX> target{};
    const ssize_t n = ::readlinkat(link.get(), "", target.data(), target.size());
    if (n < 0) return os_failure("readlink", path_);
    if (n == 0 || target[0] == '/') above_.clear();
    rest_.insert(
        0, std::string(target.data(), static_cast<std::size_t>(n)) + (rest_.empty() ? "" : "/"));
    return {};
  }

  Result<Fd> open(const std::string& name, int flags) const {
    int fd = -1;
    do {
      fd = ::openat(here(), name.c_str(), flags | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return os_failure("openat", path_);
    return Fd(fd);
  }

  const DirFd& root_;
  const std::string& path_;
  std::string rest_;
  const int flags_;
  std::vector<Fd> above_;  // From below the root to where we are.
  int links_ = 0;
};

}  // namespace

Result<Fd> walk_in_root(const DirFd& root, const std::string& path, int flags) {
  return Walk(root, path, flags).run();
}

Result<Fd> open_in_root(const DirFd& root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) return Fd(static_cast<int>(fd));
  // EPERM: a container's seccomp filter that is older than the call.
  if (errno != ENOSYS && errno != EPERM) return os_failure("openat2", path);
  return walk_in_root(root, path, flags);
}

}  // namespace plimsoll
