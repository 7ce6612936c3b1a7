#include "bench/bench_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/read_file.h"

namespace plimsoll::bench {

namespace {

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

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

}  // namespace

BenchHost::BenchHost(std::size_t groups)
    : name_("plimsoll-test-bench-" + std::to_string(::getpid())) {
  v1_ = ::access("/sys/fs/cgroup/memory/memory.stat", F_OK) == 0;
  if (v1_) {
    for (const char* controller : kControllers)
      mounts_.push_back(std::string(kRoot) + "/" + controller);
  } else {
    mounts_.emplace_back(kRoot);
  }
  for (const std::string& mount : mounts_) make_directory(mount + "/" + name_);
  for (std::size_t i = 0; i < groups; ++i) {
    std::array<char, 24> name{};
    std::snprintf(name.data(), name.size(), "c%05zu", i);
    groups_.emplace_back(name.data());
    for (const std::string& mount : mounts_)
      make_directory(mount + "/" + name_ + "/" + name.data());
  }
}

BenchHost::~BenchHost() {
  for (const std::string& mount : mounts_) {
    for (const std::string& group : groups_) ::rmdir((mount + "/" + name_ + "/" + group).c_str());
    ::rmdir((mount + "/" + name_).c_str());
  }
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

cgroupfs::Layout BenchHost::layout() const {
  const DirFd root = open_dir(kRoot).value();
  const DirFd proc = open_dir("/proc").value();
  cgroupfs::Layout layout =
      cgroupfs::open_layout(read_file_at(proc, "self/mountinfo").value(), root).value();
  std::erase_if(layout.hierarchies, [&](cgroupfs::Hierarchy& hierarchy) {
    auto own = open_dir_at(hierarchy.dir, name_.c_str());
    if (!own) return true;
    hierarchy.dir = *std::move(own);
    return false;
  });
  return layout;
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

// Up to 1 000 groups all of them: our own reader then needs a few thousand of the 20 000
// descriptors. With more it takes 16 000 for itself, and the floor's cost per group is that of
// some.
std::size_t floor_groups(std::size_t groups, std::size_t files) {
  constexpr std::size_t kAll = 1000;
  constexpr std::size_t kMaxHeld = 3300;
  return groups <= kAll ? groups : std::min(groups, kMaxHeld / files);
}

}  // namespace

Floor::Floor(const BenchHost& host, std::span<const FloorFile> files)
    : groups_(floor_groups(host.groups().size(), files.size())), buffer_(std::size_t{64} * 1024) {
  for (const std::string& group : std::span(host.groups()).first(groups_)) {
    for (const FloorFile& file : files) {
      const std::string path = host.path(group, file.controller, file.file);
      Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd) {
        std::perror(path.c_str());
        std::exit(1);
      }
      fds_.push_back(std::move(fd));
    }
  }
}

std::size_t Floor::read() {
  std::size_t bytes = 0;
  for (const Fd& fd : fds_) {
    const ssize_t n = ::pread(fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n > 0) bytes += static_cast<std::size_t>(n);
  }
  return bytes;
}

double thread_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

std::size_t resident_bytes() {
  const DirFd proc = open_dir("/proc").value();
  const std::string text = read_file_at(proc, "self/statm").value();
  unsigned long total = 0;
  unsigned long resident = 0;
  std::sscanf(text.c_str(), "%lu %lu", &total, &resident);
  return static_cast<std::size_t>(resident) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace plimsoll::bench
