// For kernel tests of limits: a small tree of groups of our own in every hierarchy of this machine,
// with processes in some of them; all removed at the end. PLIMSOLL_TEST_CGROUP=/path puts it below
// a delegated group.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/read_file.h"
#include "cgroupfs/tree/group_path.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

class LimitGroups {
 public:
  explicit LimitGroups(const std::string& name) {
    if (::geteuid() != 0) {
      why_not_ = "needs root to make cgroups";
      return;
    }
    auto root = open_dir("/sys/fs/cgroup");
    auto proc = open_dir("/proc/self");
    auto sys = open_dir("/sys");
    if (!root || !proc || !sys) {
      why_not_ = "there is no /sys/fs/cgroup, /proc or /sys";
      return;
    }
    auto mounts = read_file_at(*proc, "mountinfo");
    auto layout = mounts ? cgroupfs::open_layout(*mounts, *root)
                         : Result<cgroupfs::Layout>(std::unexpected(mounts.error()));
    if (!layout) {
      why_not_ = layout.error().message();
      return;
    }
    layout_ = *std::move(layout);
    sys_ = *std::move(sys);
    const char* parent = ::getenv("PLIMSOLL_TEST_CGROUP");  // NOLINT(concurrency-mt-unsafe)
    top_ = (parent == nullptr ? "" : parent) + std::string("/plimsoll-test-limit-") + name + "-" +
           std::to_string(::getpid());
    make("");
  }
  ~LimitGroups() {
    thaw();
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
      for (const auto& hierarchy : layout_.hierarchies) remove(hierarchy, *path);
  }
  LimitGroups(const LimitGroups&) = delete;
  LimitGroups& operator=(const LimitGroups&) = delete;

  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  [[nodiscard]] const cgroupfs::Layout& layout() const { return layout_; }
  [[nodiscard]] const DirFd& sys() const { return sys_; }
  [[nodiscard]] const std::string& top() const { return top_; }

  // "/a/b" below the top; parents first.
  void make(const std::string& below) {
    if (!why_not_.empty()) return;
    const std::string path = top_ + below;
    made_.push_back(path);
    for (const auto& hierarchy : layout_.hierarchies)
      if (::mkdirat(hierarchy.dir.get(), cgroupfs::relative(path).c_str(), 0755) != 0)
        why_not_ = "no group can be made in " + hierarchy.mount_path + ": " + std::strerror(errno);
  }
  // Another group under the same path.
  void make_again(const std::string& below) const {
    for (const auto& hierarchy : layout_.hierarchies) {
      remove(hierarchy, top_ + below);
      ::mkdirat(hierarchy.dir.get(), cgroupfs::relative(top_ + below).c_str(), 0755);
    }
  }
  // A process that sleeps, in every hierarchy. Empty or why not.
  std::string populate(const std::string& below) {
    const pid_t child = ::fork();
    if (child == 0)
      for (;;) ::pause();
    children_.push_back(child);
    for (const auto& hierarchy : layout_.hierarchies) {
      const std::string file = cgroupfs::relative(top_ + below) + "/cgroup.procs";
      const int fd = ::openat(hierarchy.dir.get(), file.c_str(), O_WRONLY | O_CLOEXEC);
      const std::string pid = std::to_string(child);
      const bool done = fd >= 0 && ::write(fd, pid.data(), pid.size()) > 0;
      const std::string why = std::strerror(errno);
      if (fd >= 0) ::close(fd);
      if (!done) return hierarchy.mount_path + file + ": " + why;
    }
    return "";
  }

 private:
  void thaw() const {
    for (const std::string& path : made_)
      for (const auto& hierarchy : layout_.hierarchies)
        for (const auto& [file, text] :
             {std::pair{"/freezer.state", "THAWED"}, {"/cgroup.freeze", "0"}}) {
          const int fd = ::openat(hierarchy.dir.get(), (cgroupfs::relative(path) + file).c_str(),
                                  O_WRONLY | O_CLOEXEC);
          if (fd < 0) continue;
          [[maybe_unused]] const ssize_t n = ::write(fd, text, std::strlen(text));
          ::close(fd);
        }
  }
  // A killed process leaves its group a moment later: tries for a while.
  static void remove(const cgroupfs::Hierarchy& hierarchy, const std::string& path) {
    for (int i = 0; i < 500; ++i) {
      if (::unlinkat(hierarchy.dir.get(), cgroupfs::relative(path).c_str(), AT_REMOVEDIR) == 0 ||
          errno == ENOENT)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  std::string why_not_;
  cgroupfs::Layout layout_;
  DirFd sys_;
  std::string top_;
  std::vector<std::string> made_;
  std::vector<pid_t> children_;
};

}  // namespace plimsoll::limit
