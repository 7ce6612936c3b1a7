// For tests on the real kernel: this host's hierarchies, groups of our own in all of them, and a
// process in a group that works when told to. Groups are named plimsoll-test-..., and removed.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/read_file.h"
#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {

// Why this machine cannot run the test; empty when it can.
inline std::string no_cgroups_because() {
  if (::geteuid() != 0) return "needs root to make cgroups";
  if (::access("/sys/fs/cgroup", W_OK) != 0) return "/sys/fs/cgroup is not writable";
  const Result<DirFd> root = open_dir("/sys/fs/cgroup");
  const Result<std::string> mounts = read_file_at(*open_dir("/proc/self"), "mountinfo");
  if (!root || !mounts || !open_layout(*mounts, *root)) return "there is no cgroup tree";
  return "";
}

inline Layout real_layout() {
  return *open_layout(*read_file_at(*open_dir("/proc/self"), "mountinfo"),
                      *open_dir("/sys/fs/cgroup"));
}

inline std::string text_at(const DirFd& dir, const std::string& name) {
  return read_file_at(dir, name.c_str()).value_or("");
}

inline bool write_at(const DirFd& dir, const std::string& name, const std::string& text) {
  const Result<Fd> fd = open_at(dir, name.c_str(), O_WRONLY);
  return fd && ::write(fd->get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A group in the hierarchies given (all of them when none is).
class KernelGroup {
 public:
  KernelGroup(const Layout& layout, const std::string& name, std::vector<std::size_t> in = {})
      : layout_(layout), path_("/plimsoll-test-read-" + std::to_string(::getpid()) + name) {
    for (std::size_t h = 0; h < layout.hierarchies.size(); ++h) {
      if (!in.empty() && std::ranges::find(in, h) == in.end()) continue;
      EXPECT_EQ(::mkdirat(layout.hierarchies[h].dir.get(), relative(), 0755), 0) << path_;
      in_.push_back(h);
    }
    inherit_cpuset();
  }
  ~KernelGroup() {
    for (const std::size_t h : in_) remove_from(h);
  }
  KernelGroup(const KernelGroup&) = delete;
  KernelGroup& operator=(const KernelGroup&) = delete;

  // A killed process leaves its group a moment later: tries for a while.
  void remove_from(std::size_t hierarchy) const {
    for (int i = 0; i < 500; ++i) {
      if (::unlinkat(layout_.hierarchies[hierarchy].dir.get(), relative(), AT_REMOVEDIR) == 0 ||
          errno == ENOENT)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "not removed: " << path_;
  }
  void add(pid_t pid) const {
    for (const std::size_t h : in_)
      EXPECT_TRUE(write_at(dir(h), "cgroup.procs", std::to_string(pid))) << path_ << " " << h;
  }
  [[nodiscard]] DirFd dir(std::size_t hierarchy) const {
    return std::move(*open_dir_at(layout_.hierarchies[hierarchy].dir, relative()));
  }
  [[nodiscard]] DirFd dir(Controller controller) const { return dir(*layout_.of(controller)); }
  [[nodiscard]] Cgroup cgroup(std::uint64_t serial = 1) const {
    return group_at(layout_, path_, serial);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] const char* relative() const { return path_.c_str() + 1; }
  // A v1 cpuset takes no process before it has CPUs and nodes.
  void inherit_cpuset() const {
    const auto hierarchy = layout_.of(Controller::kCpuset);
    if (!hierarchy || layout_.hierarchies[*hierarchy].version != 1 ||
        std::ranges::find(in_, *hierarchy) == in_.end())
      return;
    for (const char* file : {"cpuset.cpus", "cpuset.mems"})
      EXPECT_TRUE(
          write_at(dir(*hierarchy), file, text_at(layout_.hierarchies[*hierarchy].dir, file)));
  }

  const Layout& layout_;
  std::string path_;
  std::vector<std::size_t> in_;
};

// A child process that does one thing per call of work(), and nothing in between.
class Worker {
 public:
  explicit Worker(std::function<void(char)> job) {
    int orders[2];
    int answers[2];
    EXPECT_EQ(::pipe2(orders, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(answers, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(orders[1]);
      ::close(answers[0]);
      char order = 0;
      while (::read(orders[0], &order, 1) == 1) {
        job(order);
        if (::write(answers[1], &order, 1) != 1) break;
      }
      ::_exit(0);
    }
    orders_ = Fd(orders[1]);
    answers_ = Fd(answers[0]);
    ::close(orders[0]);
    ::close(answers[1]);
  }
  ~Worker() { end(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  void work(char order) const {
    char answer = 0;
    EXPECT_EQ(::write(orders_.get(), &order, 1), 1);
    EXPECT_EQ(::read(answers_.get(), &answer, 1), 1);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  Fd orders_;
  Fd answers_;
};

}  // namespace plimsoll::cgroupfs
