#include "runtime/launch/in_root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "runtime/launch/kernel.h"

namespace plimsoll::runtime {

namespace {

constexpr int kMostLinks = 40;  // As the kernel's.
using Buffer = std::array<char, std::size_t{2} * PATH_MAX>;

std::uint64_t resolve_flags(Links links) {
  return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
         (links == Links::kRefuse ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0);
}

bool make_in(int directory, const char* name, Make make) noexcept {
  if (make == Make::kDirectory) return ::mkdirat(directory, name, 0755) == 0;
  const int fd =
      ::openat(directory, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

// The usual case: only the last name is missing. False leaves it to the walk. Whoever calls looks
// the whole path up again: where this made something decides nothing.
bool make_last(int root, const char* path, Make make, Links links) noexcept {
  std::array<char, PATH_MAX> parent{};
  const char* const slash = std::strrchr(path, '/');
  if (slash == nullptr || slash == path || slash[1] == '\0') return false;
  const auto size = static_cast<std::size_t>(slash - path);
  if (size >= parent.size()) return false;
  std::memcpy(parent.data(), path, size);
  const int directory =
      openat2(root, parent.data(), O_PATH | O_DIRECTORY | O_CLOEXEC, resolve_flags(links));
  if (directory < 0) return false;
  const bool made = make_in(directory, slash + 1, make);
  ::close(directory);
  return made;
}

// Walks name by name: the slow way, taken when something is missing. `done` holds no links and no
// "..", so that each name is looked up below the root once more and a rename meanwhile cannot lead
// astray: the worst of it is an error.
class Maker {
 public:
  // The buffers need no zeros: 16 KiB.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  Maker(int root, Make make, Links links) : root_(root), make_(make), links_(links) {
    done_[0] = '\0';
  }

  int run(const char* path) noexcept {
    if (!set_rest(path, "")) return -1;
    for (;;) {
      char* name = take_name();
      if (name == nullptr)
        return openat2(root_, done_text(), O_PATH | O_CLOEXEC, resolve_flags(Links::kRefuse));
      if (std::strcmp(name, ".") == 0) continue;
      if (std::strcmp(name, "..") == 0) {
        leave();
        continue;
      }
      const int fd = enter(name);
      if (fd < 0) return -1;
      struct stat status{};
      const bool is_link = ::fstat(fd, &status) == 0 && S_ISLNK(status.st_mode);
      const bool followed = is_link && follow(fd);
      ::close(fd);
      if (is_link && !followed) return -1;
    }
  }

 private:
  [[nodiscard]] const char* done_text() const { return done_[0] == '\0' ? "." : done_.data(); }

  // Ahead of what is still to walk.
  bool set_rest(const char* head, const char* tail) noexcept {
    const std::size_t head_size = std::strlen(head);
    const std::size_t tail_size = std::strlen(tail);
    if (head_size + tail_size + 2 > rest_.size()) {
      errno = ENAMETOOLONG;
      return false;
    }
    std::memmove(rest_.data() + head_size + 1, tail, tail_size + 1);
    std::memcpy(rest_.data(), head, head_size);
    rest_[head_size] = '/';
    next_ = rest_.data();
    return true;
  }

  char* take_name() noexcept {
    while (*next_ == '/') ++next_;
    if (*next_ == '\0') return nullptr;
    char* const name = next_;
    while (*next_ != '/' && *next_ != '\0') ++next_;
    if (*next_ != '\0') *next_++ = '\0';
    return name;
  }

  [[nodiscard]] bool is_last() const noexcept {
    const char* rest = next_;
    while (*rest == '/') ++rest;
    return *rest == '\0';
  }

  void leave() noexcept {
    char* const slash = std::strrchr(done_.data(), '/');
    *(slash == nullptr ? done_.data() : slash) = '\0';
  }

  // Opens `name` in `done_`, making it if it is missing, and appends it.
  int enter(const char* name) noexcept {
    const int here = openat2(root_, done_text(), O_PATH | O_DIRECTORY | O_CLOEXEC,
                             resolve_flags(Links::kRefuse));
    if (here < 0) return -1;
    int fd = ::openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make_ != Make::kNothing && make_one(here, name))
      fd = ::openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    const int os_error = errno;
    ::close(here);
    const std::size_t used = std::strlen(done_.data());
    const std::size_t size = std::strlen(name);
    if (fd >= 0 && used + size + 2 > done_.size()) {
      ::close(fd);
      errno = ENAMETOOLONG;
      return -1;
    }
    if (fd < 0) {
      errno = os_error;
      return -1;
    }
    if (used != 0) done_[used] = '/';
    std::memcpy(done_.data() + used + (used != 0 ? 1 : 0), name, size + 1);
    return fd;
  }

  [[nodiscard]] bool make_one(int here, const char* name) const noexcept {
    return make_in(here, name, is_last() ? make_ : Make::kDirectory) || errno == EEXIST;
  }

  bool follow(int link) noexcept {
    std::array<char, PATH_MAX> target{};
    if (links_ == Links::kRefuse || ++count_ > kMostLinks) {
      errno = ELOOP;
      return false;
    }
    const ssize_t n = ::readlinkat(link, "", target.data(), target.size() - 1);
    if (n < 0) return false;
    target[static_cast<std::size_t>(n)] = '\0';
    if (target[0] == '/') {
      done_[0] = '\0';
    } else {
      leave();
    }
    return set_rest(target.data(), next_);
  }

  int root_;
  Make make_;
  Links links_;
  int count_ = 0;
  Buffer done_;
  Buffer rest_;
  char* next_ = nullptr;
};

}  // namespace

int open_in_root_path(int root, const char* path, Make make, Links links) noexcept {
  int fd = openat2(root, path, O_PATH | O_CLOEXEC, resolve_flags(links));
  if (fd >= 0 || errno != ENOENT || make == Make::kNothing) return fd;
  if (make_last(root, path, make, links)) {
    fd = openat2(root, path, O_PATH | O_CLOEXEC, resolve_flags(links));
    if (fd >= 0) return fd;
  }
  Maker maker(root, make, links);
  return maker.run(path);
}

Parent open_parent(int root, const char* path) noexcept {
  std::array<char, PATH_MAX> directory{};
  const char* const slash = std::strrchr(path, '/');
  const std::size_t size = slash == nullptr ? 0 : static_cast<std::size_t>(slash - path);
  if (size >= directory.size()) {
    errno = ENAMETOOLONG;
    return {};
  }
  std::memcpy(directory.data(), path, size);
  directory[size] = '\0';
  const int fd =
      open_in_root_path(root, size == 0 ? "." : directory.data(), Make::kDirectory, Links::kFollow);
  return {fd, slash == nullptr ? path : slash + 1};
}

}  // namespace plimsoll::runtime
