// Owning file descriptors. Each is closed exactly once, born CLOEXEC, and of a type that says what
// it is.
#pragma once

#include <fcntl.h>

#include <string_view>
#include <utility>

#include "base/error.h"

namespace plimsoll {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    Fd(std::move(other)).swap(*this);  // The old descriptor closes with the temporary.
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  // Never retried: on Linux the number is free again even after EINTR.
  ~Fd() { reset(); }

  void swap(Fd& other) noexcept { std::swap(fd_, other.fd_); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  // Gives the number away; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

// A directory opened O_PATH or O_RDONLY: the anchor of every *at call.
class DirFd : public Fd {
 public:
  using Fd::Fd;
};

// Opens `name` relative to `dir`: CLOEXEC, the last component is not followed when it is a symlink.
[[nodiscard]] Result<Fd> open_at(const DirFd& dir, const char* name, int flags);

// A directory for *at calls (O_PATH: needs search permission only). `open_dir` follows symlinks in
// `path`.
[[nodiscard]] Result<DirFd> open_dir(const char* path);
[[nodiscard]] Result<DirFd> open_dir_at(const DirFd& dir, const char* name);

// Where the host's kernel trees are. main() opens the real ones, a test a temporary directory, a
// container /host/proc: nothing below can tell.
struct HostRoots {
  DirFd cgroup;
  DirFd proc;
  DirFd sys;
};
[[nodiscard]] Result<HostRoots> open_roots(const char* cgroup, const char* proc, const char* sys);

}  // namespace plimsoll
