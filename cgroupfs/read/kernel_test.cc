// The reader on this machine's kernel.
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstring>
#include <filesystem>

#include "cgroupfs/parse/cpuacct.h"
#include "cgroupfs/parse/single.h"
#include "cgroupfs/read/kernel_testing.h"
#include "cgroupfs/read/record_buffer.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;

class Kernel : public testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = no_cgroups_because();
    if (!reason.empty()) GTEST_SKIP() << reason;
    layout_ = real_layout();
  }
  [[nodiscard]] bool v1(Controller controller) const {
    const auto hierarchy = layout_.of(controller);
    return hierarchy && layout_.hierarchies[*hierarchy].version == 1;
  }
  ReadOutcome read(CgroupReader& reader, const Cgroup& group, TierSet due = TierSet::all(),
                   bool full = false) {
    ReadTarget target;
    target.cgroup = &group;
    target.sample = &sample_;
    target.due = due;
    target.full = full;
    reader.read({&target, 1});
    return target.outcome;
  }

  RealClock clock_;
  Layout layout_;
  CgroupSample sample_;
};

bool is_iterated(const std::string& name) {
  return name == "cgroup.procs" || name == "cgroup.threads" || name == "tasks";
}

// The rule of record_buffer.h: of a file shown in one piece a read that did not fill the buffer has
// all, which the next read confirms with 0.
void expect_whole_in_one_read(const DirFd& dir, const std::string& where, std::size_t& files) {
  const Fd listing = *open_at(dir, ".", O_RDONLY | O_DIRECTORY);
  const std::string path = "/proc/self/fd/" + std::to_string(listing.get());
  std::vector<char> bytes(std::size_t{64} * 1024);
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || is_iterated(name)) continue;
    const Result<Fd> fd = open_at(dir, name.c_str(), O_RDONLY);
    if (!fd) continue;  // Write-only files.
    const ssize_t first = ::pread(fd->get(), bytes.data(), bytes.size(), 0);
    if (first < 0) continue;  // Files that only take orders, like cgroup.event_control.
    ASSERT_LT(first, static_cast<ssize_t>(bytes.size())) << where << name;
    EXPECT_EQ(::pread(fd->get(), bytes.data(), bytes.size(), first), 0) << where << name;
    ++files;
  }
}

TEST_F(Kernel, OneReadHasAllOfEveryControlFile) {
  const KernelGroup group(layout_, "-whole");
  std::size_t files = 0;
  for (std::size_t h = 0; h < layout_.hierarchies.size(); ++h) {
    expect_whole_in_one_read(layout_.hierarchies[h].dir, "root of " + std::to_string(h) + ": ",
                             files);
    expect_whole_in_one_read(group.dir(h), group.path() + ": ", files);
  }
  EXPECT_GT(files, 20U);
}

// devices.list is the one control file that a test can make larger than a page, and than our
// buffer. It is shown in one piece like the others.
TEST_F(Kernel, OneReadHasAllOfAFileOfManyPages) {
  if (!v1(Controller::kDevices)) GTEST_SKIP() << "no v1 devices controller, whose file can grow";
  const KernelGroup group(layout_, "-large", {*layout_.of(Controller::kDevices)});
  const DirFd dir = group.dir(Controller::kDevices);
  ASSERT_TRUE(write_at(dir, "devices.deny", "a"));
  const auto allow = [&](int from, int to) {
    for (int i = from; i < to; ++i)
      ASSERT_TRUE(write_at(dir, "devices.allow", "c 4000:" + std::to_string(10'000 + i) + " r"));
  };
  const std::size_t line = std::string_view("c 4000:10000 r\n").size();
  const Fd fd = *open_at(dir, "devices.list", O_RDONLY);
  allow(0, 1'000);
  std::vector<char> bytes(std::size_t{64} * 1024);
  EXPECT_EQ(::pread(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(1'000 * line));
  allow(1'000, 5'000);
  RecordBuffer buffer;
  const auto text = buffer.read(fd, Records::kOne, "devices.list");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), 5'000 * line) << "larger than the buffer";
  EXPECT_EQ(text->substr(text->size() - line), "c 4000:14999 r\n");
}

constexpr std::size_t kMemory = std::size_t{24} << 20;

void worker_job(char order) {
  if (order == 'c') {  // Burn 200 ms of CPU time.
    const auto used = [] {
      rusage usage{};
      ::getrusage(RUSAGE_SELF, &usage);
      return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
             usage.ru_stime.tv_usec;
    };
    for (const auto end = used() + 200'000; used() < end;) {
    }
  } else if (order == 'm') {
    void* memory =
        ::mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, kMemory);
  }
}

TEST_F(Kernel, NumbersAreTheKernelsOwn) {
  if (!v1(Controller::kCpuacct) || !v1(Controller::kMemory) || !v1(Controller::kPids))
    GTEST_SKIP() << "compares with v1 files, and the controllers are not on v1";
  const KernelGroup group(layout_, "-work");
  const Worker worker(worker_job);
  group.add(worker.pid());
  worker.work('m');
  worker.work('c');

  GroupSet groups = GroupSet::all();
  ReaderOptions options;
  options.groups = groups;
  const auto reader = make_text_reader(layout_, clock_, options);
  const Cgroup cgroup = group.cgroup();
  const auto number = [&](Controller controller, const char* file) {
    return parse_number(text_at(group.dir(controller), file)).value();
  };
  const std::uint64_t cpu_before = number(Controller::kCpuacct, "cpuacct.usage");
  ASSERT_EQ(read(*reader, cgroup), ReadOutcome::kRead);
  const std::uint64_t cpu_after = number(Controller::kCpuacct, "cpuacct.usage");

  EXPECT_GE(*sample_.value(kCpuUsage), std::max<std::uint64_t>(cpu_before, 200'000'000));
  EXPECT_LE(*sample_.value(kCpuUsage), cpu_after);
  std::uint64_t sum = 0;
  for (const std::uint64_t ns : sample_.per_cpu_ns) sum += ns;
  EXPECT_EQ(sum, sample_.value(kCpuUsage));
  const auto ticks = parse_cpuacct_stat(text_at(group.dir(Controller::kCpuacct), "cpuacct.stat"));
  EXPECT_LE(*sample_.value(kCpuUser),
            ticks_to_ns(*ticks->user, static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))));
  EXPECT_GE(*sample_.value(kCpuUser) + *sample_.value(kCpuSystem), 150'000'000U);

  EXPECT_EQ(sample_.value(kMemoryPeak), number(Controller::kMemory, "memory.max_usage_in_bytes"));
  EXPECT_GE(*sample_.value(kMemoryUsage), kMemory);
  EXPECT_GE(*sample_.value(kMemoryRss), kMemory);
  EXPECT_LE(*sample_.value(kMemoryWorkingSet), *sample_.value(kMemoryUsage));
  EXPECT_GE(*sample_.value(kMemoryPgfault), kMemory / 4096 / 512) << "at least one per huge page";
  EXPECT_EQ(sample_.limit(kMemoryLimit), Limit<std::uint64_t>::none());
  EXPECT_EQ(sample_.limit(kCpuQuota), Limit<std::uint64_t>::none());
  EXPECT_EQ(sample_.value(kPids), 1U);
  EXPECT_EQ(sample_.value(kProcesses), 1U);
  EXPECT_EQ(sample_.limit(kPidsLimit), Limit<std::uint64_t>::none());
  EXPECT_EQ(sample_.value(kCgroupFrozen), 0U);
  EXPECT_FALSE(sample_.cpuset_cpus.empty());
  if (layout_.unified()) {
    EXPECT_EQ(sample_.value(kCgroupPopulated), 1U);
    EXPECT_EQ(sample_.value(kCgroupDescendants), 0U);
  }
  const ReaderStats stats = reader->stats();
  EXPECT_TRUE(stats.malformed.empty()) << stats.malformed.begin()->first;
  EXPECT_TRUE(stats.denied.empty()) << stats.denied.begin()->first;
  EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
}

TEST_F(Kernel, LimitsAreReadBack) {
  if (!v1(Controller::kCpu) || !v1(Controller::kMemory) || !v1(Controller::kPids))
    GTEST_SKIP() << "writes v1 limits, and the controllers are not on v1";
  const KernelGroup group(layout_, "-limits");
  ASSERT_TRUE(write_at(group.dir(Controller::kCpu), "cpu.cfs_quota_us", "50000"));
  ASSERT_TRUE(write_at(group.dir(Controller::kCpu), "cpu.shares", "512"));
  ASSERT_TRUE(write_at(group.dir(Controller::kMemory), "memory.limit_in_bytes", "67108864"));
  ASSERT_TRUE(write_at(group.dir(Controller::kPids), "pids.max", "17"));
  const auto reader = make_text_reader(layout_, clock_, {});
  ASSERT_EQ(read(*reader, group.cgroup()), ReadOutcome::kRead);
  EXPECT_EQ(sample_.value(kCpuQuota), 50'000'000U);
  EXPECT_EQ(sample_.value(kCpuPeriod), 100'000'000U);
  EXPECT_EQ(sample_.value(kCpuShares), 512U);
  EXPECT_EQ(sample_.value(kMemoryLimit), 67'108'864U);
  EXPECT_EQ(sample_.value(kPidsLimit), 17U);
}

TEST_F(Kernel, SleepIsIdleAndWorkIsNot) {
  const KernelGroup group(layout_, "-idle");
  const Worker worker(worker_job);
  group.add(worker.pid());
  const auto reader = make_text_reader(layout_, clock_, {});
  const Cgroup cgroup = group.cgroup();
  ASSERT_EQ(read(*reader, cgroup), ReadOutcome::kRead);
  const auto before = sample_.value(kCpuUsage);
  if (!before) GTEST_SKIP() << "no CPU usage in this host's cgroups";
  // A first look may still see the worker go to sleep.
  bool idle = false;
  for (int i = 0; i < 50 && !idle; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    idle = read(*reader, cgroup, kHotOnly) == ReadOutcome::kIdle;
  }
  EXPECT_TRUE(idle);
  worker.work('c');
  EXPECT_EQ(read(*reader, cgroup, kHotOnly), ReadOutcome::kRead);
  EXPECT_GE(*sample_.value(kCpuUsage), *before + 200'000'000);
}

TEST_F(Kernel, ARemovedGroupIsGoneAlsoWhereItsFilesAreHeld) {
  const auto reader = make_text_reader(layout_, clock_, {});
  std::optional<KernelGroup> group(std::in_place, layout_, "-gone");
  const Cgroup cgroup = group->cgroup();
  ASSERT_EQ(read(*reader, cgroup), ReadOutcome::kRead);
  EXPECT_GT(reader->stats().held, 0U);
  const CgroupSample last = sample_;
  group.reset();
  EXPECT_EQ(read(*reader, cgroup, kHotOnly), ReadOutcome::kGone);
  EXPECT_TRUE(same_numbers(sample_, last));
  EXPECT_EQ(reader->stats().held, 0U);

  // The same path again is another group: the old one stays gone.
  const KernelGroup again(layout_, "-gone");
  EXPECT_EQ(read(*reader, cgroup), ReadOutcome::kGone);
  EXPECT_EQ(read(*reader, again.cgroup(2)), ReadOutcome::kRead);
}

TEST_F(Kernel, RemovalFromOneHierarchyTakesOnlyItsNumbers) {
  if (!v1(Controller::kMemory) || !v1(Controller::kCpuacct) ||
      layout_.of(Controller::kMemory) == layout_.of(Controller::kCpuacct))
    GTEST_SKIP() << "memory and cpuacct have no hierarchies of their own";
  const auto reader = make_text_reader(layout_, clock_, {});
  const KernelGroup group(layout_, "-part");
  const Cgroup cgroup = group.cgroup();
  ASSERT_EQ(read(*reader, cgroup), ReadOutcome::kRead);
  EXPECT_TRUE(sample_.value(kMemoryUsage));
  group.remove_from(*layout_.of(Controller::kMemory));
  EXPECT_EQ(read(*reader, cgroup, kHotOnly, true), ReadOutcome::kRead);
  EXPECT_FALSE(sample_.value(kMemoryUsage));
  EXPECT_FALSE(sample_.value(kMemoryWorkingSet));
  EXPECT_TRUE(sample_.value(kCpuUsage));
}

TEST_F(Kernel, TheRootGroupIsReadable) {
  const auto reader = make_text_reader(layout_, clock_, {});
  ASSERT_EQ(read(*reader, group_at(layout_, "/")), ReadOutcome::kRead);
  EXPECT_GT(sample_.value(kCpuUsage).value_or(0), 0U);
  EXPECT_GT(sample_.value(kMemoryUsage).value_or(0), 0U);
  const ReaderStats stats = reader->stats();
  EXPECT_TRUE(stats.malformed.empty()) << stats.malformed.begin()->first;
  EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
}

}  // namespace
}  // namespace plimsoll::cgroupfs
