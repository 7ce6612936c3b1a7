#include "bench/bench_host.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/number.h"
#include "base/read_file.h"
#include "bench/measure.h"

namespace plimsoll::bench {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/sys/fs/cgroup";
constexpr std::array kControllers = {"cpu",   "cpuacct", "cpuset", "memory",
                                     "blkio", "pids",    "freezer"};

// In front those that the reader reads of every group; the last one only of groups with a quota.
constexpr std::array<FloorFile, 4> kHotV1 = {{{"cpuacct", "cpuacct.usage_percpu"},
                                              {"memory", "memory.usage_in_bytes"},
                                              {"memory", "memory.stat"},
                                              {"cpu", "cpu.stat"}}};
constexpr std::array<FloorFile, 10> kDynamicV1 = {
    {{"cpuacct", "cpuacct.usage"},
     {"cpuacct", "cpuacct.stat"},
     {"cpu", "cpu.stat"},
     {"memory", "memory.stat"},
     {"memory", "memory.usage_in_bytes"},
     {"memory", "memory.max_usage_in_bytes"},
     {"memory", "memory.failcnt"},
     {"blkio", "blkio.throttle.io_service_bytes_recursive"},
     {"blkio", "blkio.throttle.io_serviced_recursive"},
     {"pids", "pids.current"}}};
constexpr std::array<FloorFile, 5> kHotV2 = {{{"", "cpu.stat"},
                                              {"", "memory.current"},
                                              {"", "memory.stat"},
                                              {"", "io.stat"},
                                              {"", "pids.current"}}};
constexpr std::array<FloorFile, 10> kDynamicV2 = {{{"", "cpu.stat"},
                                                   {"", "memory.current"},
                                                   {"", "memory.stat"},
                                                   {"", "io.stat"},
                                                   {"", "pids.current"},
                                                   {"", "memory.peak"},
                                                   {"", "memory.events"},
                                                   {"", "cpu.pressure"},
                                                   {"", "memory.pressure"},
                                                   {"", "io.pressure"}}};

const std::string kPrefix = "plimsoll-test-bench-";

// With all below it. A killed process leaves its group a moment later: tries for a while.
void remove_groups(const fs::path& group) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(group, ignored))
    if (entry.is_directory(ignored)) remove_groups(entry.path());
  for (int i = 0; i < 200 && ::rmdir(group.c_str()) != 0 && errno == EBUSY; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void remove_leftovers(const std::string& mount) {
  for (const auto& entry : fs::directory_iterator(mount)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    const auto pid = to_number<pid_t>(name.substr(kPrefix.size()));
    if (pid && ::kill(*pid, 0) != 0 && errno == ESRCH) remove_groups(entry.path());
  }
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

}  // namespace

std::optional<std::size_t> groups_asked(std::span<char*> arguments) {
  const auto count = arguments.size() > 1 ? to_number<std::size_t>(arguments[1]) : 1000;
  if (count && *count > 0 && ::geteuid() == 0) return count;
  std::fprintf(stderr, "%s [groups], as root\n", arguments[0]);
  return std::nullopt;
}

BenchHost::BenchHost(std::size_t groups, Names names)
    : name_(kPrefix + std::to_string(::getpid())) {
  v1_ = ::access("/sys/fs/cgroup/memory/memory.stat", F_OK) == 0;
  if (v1_) {
    for (const char* controller : kControllers)
      mounts_.push_back(std::string(kRoot) + "/" + controller);
  } else {
    mounts_.emplace_back(kRoot);
  }
  for (const std::string& mount : mounts_) remove_leftovers(mount);
  make("");
  if (names == Names::kDocker) make("docker");
  for (std::size_t i = 0; i < groups; ++i) {
    const std::string n = std::to_string(i);
    make(groups_.emplace_back(names == Names::kDocker
                                  ? "docker/" + std::string(64 - n.size(), 'a') + n
                                  : "c" + std::string(n.size() < 5 ? 5 - n.size() : 0, '0') + n));
  }
}

void BenchHost::make(const std::string& below) const {
  for (const std::string& mount : mounts_) make_directory(mount + top() + "/" + below);
}

BenchHost::~BenchHost() {
  for (const std::string& mount : mounts_) remove_groups(mount + top());
}

std::string BenchHost::path(const std::string& group, const std::string& controller,
                            const std::string& file) const {
  std::string path = kRoot;
  if (v1_) path += "/" + controller;
  return path + "/" + name_ + "/" + group + "/" + file;
}

void BenchHost::set_quotas() const {
  for (const std::string& group : groups_) {
    const std::string file = path(group, "cpu", v1_ ? "cpu.cfs_quota_us" : "cpu.max");
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    const std::string_view quota = v1_ ? "50000" : "50000 100000";
    if (!fd || ::write(fd.get(), quota.data(), quota.size()) < 0) std::perror(file.c_str());
  }
}

cgroupfs::Layout BenchHost::whole_layout() {
  const DirFd proc = open_dir("/proc").value();
  return cgroupfs::open_layout(read_file_at(proc, "self/mountinfo").value(),
                               open_dir(kRoot).value())
      .value();
}

cgroupfs::Layout BenchHost::layout() const {
  cgroupfs::Layout layout = whole_layout();
  std::erase_if(layout.hierarchies, [&](cgroupfs::Hierarchy& hierarchy) {
    auto own = open_dir_at(hierarchy.dir, name_.c_str());
    if (!own) return true;
    hierarchy.dir = *std::move(own);
    return false;
  });
  return layout;
}

std::string private_root(const BenchHost& host) {
  std::string root = "/tmp/" + host.name();
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)) {
    std::perror("private cgroup root");
    std::exit(1);
  }
  if (!host.v1()) return "/sys/fs/cgroup/" + host.name();
  if (::mount("tmpfs", root.c_str(), "tmpfs", 0, nullptr) != 0) std::exit(1);
  for (const char* controller :
       {"cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "freezer"}) {
    const std::string from = std::string("/sys/fs/cgroup/") + controller + "/" + host.name();
    const std::string to = root + "/" + controller;
    if (::mkdir(to.c_str(), 0700) != 0 ||
        ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      std::perror(to.c_str());
      std::exit(1);
    }
  }
  return root;
}

std::span<const FloorFile> hot_files(bool v1, Quota quota) {
  if (!v1) return kHotV2;
  const std::span<const FloorFile> files = kHotV1;
  return quota == Quota::kSet ? files : files.first(files.size() - 1);
}
std::span<const FloorFile> dynamic_files(bool v1) {
  return v1 ? kDynamicV1 : kDynamicV2;
}

namespace {

// What a process may have open is 20 000 on the machine that the bars are of.
constexpr std::size_t kHeldByOne = 16'000;

// Reads when it is told to, and answers with the CPU seconds that it took, until the line ends.
[[noreturn]] void serve(const Fd& line, const std::vector<Fd>& files) {
  std::vector<char> buffer(std::size_t{64} * 1024);
  char order = 0;
  while (::read(line.get(), &order, 1) == 1) {
    const double begin = thread_cpu();
    for (const Fd& fd : files)
      if (::pread(fd.get(), buffer.data(), buffer.size(), 0) < 0) ::_exit(1);
    const double spent = thread_cpu() - begin;
    if (::write(line.get(), &spent, sizeof spent) != sizeof spent) ::_exit(1);
  }
  ::_exit(0);
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

Floor::Floor(const BenchHost& host, std::span<const FloorFile> files) {
  const std::span<const std::string> groups = host.groups();
  const std::size_t share = kHeldByOne / files.size();
  for (std::size_t first = 0; first < groups.size(); first += share) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      give_up("socketpair");
    Process process{.id = ::fork(), .line = Fd(ends[0])};
    if (process.id < 0) give_up("fork");
    if (process.id > 0) {
      ::close(ends[1]);
      processes_.push_back(std::move(process));
      continue;
    }
    // Only its own descriptors count: the parent may hold as many.
    constexpr int kLine = 3;
    if (::dup2(ends[1], kLine) < 0 || ::close_range(kLine + 1, ~0U, 0) != 0) ::_exit(1);
    const Fd line(kLine);
    std::vector<Fd> held;
    for (const std::string& group : groups.subspan(first, std::min(share, groups.size() - first)))
      for (const FloorFile& file : files)
        if (!held.emplace_back(
                ::open(host.path(group, file.controller, file.file).c_str(), O_RDONLY | O_CLOEXEC)))
          ::_exit(1);
    serve(line, held);
  }
}

Floor::~Floor() {
  for (Process& process : processes_) {
    process.line.reset();
    ::waitpid(process.id, nullptr, 0);
  }
}

double Floor::read() {
  double spent = 0;
  for (const Process& process : processes_) {
    double seconds = 0;
    if (::write(process.line.get(), "r", 1) != 1 ||
        ::read(process.line.get(), &seconds, sizeof seconds) != sizeof seconds)
      give_up("floor: a process of it ended");
    spent += seconds;
  }
  return spent;
}

}  // namespace plimsoll::bench
