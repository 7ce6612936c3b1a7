// Many groups read by two threads: the same numbers, budgets and outcomes as by one.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "cgroupfs/read/reader_fixture.h"
#include "cgroupfs/read/second_thread.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;

std::size_t entries_of(const char* directory) {
  const auto entries = std::filesystem::directory_iterator(directory);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::size_t threads() {
  return entries_of("/proc/self/task");
}

TEST(SecondThread, RunsBothPartsEachTime) {
  SecondThread second;
  std::thread::id here;
  std::thread::id there;
  for (std::size_t i = 1; i <= 100; ++i) {
    std::size_t there_count = 0;
    std::size_t here_count = 0;
    ASSERT_TRUE(second.run(
        [&] {
          here = std::this_thread::get_id();
          ++here_count;
        },
        [&] {
          there = std::this_thread::get_id();
          ++there_count;
        }));
    ASSERT_EQ(here_count, 1U);
    ASSERT_EQ(there_count, 1U);
  }
  EXPECT_EQ(here, std::this_thread::get_id());
  EXPECT_NE(there, here);
}

TEST(SecondThread, IsNotStartedBeforeItIsNeeded) {
  const std::size_t before = threads();
  {
    SecondThread second;
    EXPECT_EQ(threads(), before);
    ASSERT_TRUE(second.run([] {}, [] {}));
    EXPECT_EQ(threads(), before + 1);
  }
  EXPECT_EQ(threads(), before) << "joined";
}

class TwoThreads : public FixtureHost {
 protected:
  static constexpr std::size_t kGroups = 100;

  static std::string name(std::size_t i) { return "c" + std::to_string(i); }
  void make() {
    for (std::size_t i = 0; i < kGroups; ++i) {
      const std::string number = std::to_string(1000 + i);
      host_.write("cpuacct/" + name(i) + "/cpuacct.usage_percpu", number + " 2 \n");
      host_.write("cpuacct/" + name(i) + "/cpuacct.stat", "user 1\nsystem " + number + "\n");
      host_.write("memory/" + name(i) + "/memory.usage_in_bytes", number + "\n");
      host_.write("memory/" + name(i) + "/memory.stat", "total_inactive_file 118\n");
      host_.write("pids/" + name(i) + "/pids.current", number + "\n");
    }
    open();
    groups_.reserve(kGroups);
    for (std::size_t i = 0; i < kGroups; ++i)
      groups_.push_back(group_at(layout_, "/" + name(i), i + 1));
  }
  static ReaderOptions by_two() {
    ReaderOptions options = options_for(GroupSet::all());
    options.two_threads_from = kGroups;
    return options;
  }
  static ReaderOptions alone() {
    ReaderOptions options = options_for(GroupSet::all());
    options.two_threads_from = 0;
    return options;
  }
  enum class How : std::uint8_t { kFull, kTick };
  std::vector<ReadOutcome> read(CgroupReader& reader, std::vector<CgroupSample>& samples, How how) {
    samples.resize(kGroups);
    std::vector<ReadTarget> targets(kGroups);
    for (std::size_t i = 0; i < kGroups; ++i) {
      targets[i].cgroup = &groups_[i];
      targets[i].sample = &samples[i];
      targets[i].due = how == How::kFull ? TierSet::all() : kHotOnly;
      targets[i].full = how == How::kFull;
    }
    clock_.advance(std::chrono::seconds(1));
    reader.read(targets);
    std::vector<ReadOutcome> outcomes;
    outcomes.reserve(kGroups);
    for (const ReadTarget& target : targets) outcomes.push_back(target.outcome);
    return outcomes;
  }

  std::vector<Cgroup> groups_;
};

TEST_F(TwoThreads, ReadTheSameAsOne) {
  make();
  start(by_two());
  const auto one = make_text_reader(layout_, clock_, alone());
  std::vector<CgroupSample> shared;
  std::vector<CgroupSample> by_one;
  for (int round = 0; round < 3; ++round) {
    const auto outcomes = read(*reader_, shared, How::kFull);
    EXPECT_EQ(outcomes, read(*one, by_one, How::kFull));
    for (std::size_t i = 0; i < kGroups; ++i) {
      ASSERT_TRUE(same_numbers(shared[i], by_one[i])) << i;
      ASSERT_EQ(shared[i].value(kMemoryUsage), 1000 + i);
      ASSERT_EQ(shared[i].value(kCpuUsage), 1002 + i);
      ASSERT_EQ(shared[i].value(kPids), 1000 + i);
    }
  }
  EXPECT_EQ(reader_->stats().reads, one->stats().reads);
  EXPECT_EQ(reader_->stats().held, one->stats().held);
  EXPECT_EQ(reader_->stats().held, 5 * kGroups);
}

TEST_F(TwoThreads, TakeUpWhereOneLeftOff) {
  make();
  start(by_two());
  std::vector<CgroupSample> samples;
  const std::size_t before = threads();
  (void)read(*reader_, samples, How::kFull);
  EXPECT_EQ(threads(), before + 1);
  auto outcomes = read(*reader_, samples, How::kTick);
  EXPECT_EQ(std::ranges::count(outcomes, ReadOutcome::kIdle), std::ptrdiff_t{kGroups});
  host_.write("cpuacct/" + name(7) + "/cpuacct.usage_percpu", "5000 2 \n");
  host_.write("cpuacct/" + name(90) + "/cpuacct.usage_percpu", "6000 2 \n");
  outcomes = read(*reader_, samples, How::kTick);
  EXPECT_EQ(std::ranges::count(outcomes, ReadOutcome::kRead), 2);
  EXPECT_EQ(samples[7].value(kCpuUsage), 5002U);
  EXPECT_EQ(samples[90].value(kCpuUsage), 6002U);
  EXPECT_EQ(threads(), before + 1);
}

TEST_F(TwoThreads, AreNotUsedForATick) {
  make();
  ReaderOptions options = by_two();
  start(options);
  std::vector<CgroupSample> samples;
  const std::size_t before = threads();
  (void)read(*reader_, samples, How::kTick);
  (void)read(*reader_, samples, How::kTick);
  EXPECT_EQ(threads(), before);
  options.two_threads_from = kGroups + 1;
  start(options);
  (void)read(*reader_, samples, How::kFull);
  EXPECT_EQ(threads(), before) << "too few";
}

TEST_F(TwoThreads, DropWhatIsGone) {
  make();
  ReaderOptions options = by_two();
  options.held_per_cgroup = 3;
  start(options);
  std::vector<CgroupSample> samples;
  (void)read(*reader_, samples, How::kFull);
  const std::size_t held = reader_->stats().held;
  for (const std::size_t i : {0U, 3U, 57U, 99U})
    for (const char* controller : {"cpuacct/", "memory/", "pids/"})
      std::filesystem::remove_all(host_.path() + "/" + controller + name(i));
  // Held files of a removed directory of a real file system stay readable; the others tell.
  const auto outcomes = read(*reader_, samples, How::kFull);
  for (std::size_t i = 0; i < kGroups; ++i)
    ASSERT_EQ(outcomes[i] == ReadOutcome::kGone, i == 0 || i == 3 || i == 57 || i == 99) << i;
  EXPECT_EQ(reader_->stats().gone, 4U);
  EXPECT_EQ(reader_->stats().held, held - 12);
}

// UBSan opens a pipe to look at the first object of a kind, and calls it invalid where it cannot.
// So threads have been started and waited for before there is a shortage.
void wait_for_nothing() {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, std::chrono::milliseconds(0));
}

TEST_F(TwoThreads, ShareAShortageOfDescriptors) {
  make();
  start(by_two());
  {
    std::vector<CgroupSample> samples;
    (void)read(*reader_, samples, How::kFull);
    wait_for_nothing();
  }
  start(by_two());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit low = old;
  low.rlim_cur = entries_of("/proc/self/fd") + 70;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<CgroupSample> samples;
  std::vector<std::vector<ReadOutcome>> outcomes;
  outcomes.reserve(3);
  for (int round = 0; round < 3; ++round) outcomes.push_back(read(*reader_, samples, How::kFull));
  const ReaderStats stats = reader_->stats();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  for (const auto& round : outcomes)
    EXPECT_EQ(std::ranges::count(round, ReadOutcome::kRead), std::ptrdiff_t{kGroups});
  for (std::size_t i = 0; i < kGroups; ++i) ASSERT_EQ(samples[i].value(kPids), 1000 + i);
  EXPECT_LE(stats.held, 70U);
  EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
  clock_.advance(std::chrono::seconds(120));
  (void)read(*reader_, samples, How::kFull);
  EXPECT_EQ(reader_->stats().held, 5 * kGroups) << "the shortage is forgotten";
}

TEST_F(TwoThreads, StayWithinTheBudgetOfHeldFiles) {
  make();
  ReaderOptions options = by_two();
  options.max_held = 2 * kGroups + 10;
  start(options);
  std::vector<CgroupSample> samples;
  for (int round = 0; round < 3; ++round) {
    (void)read(*reader_, samples, How::kFull);
    EXPECT_EQ(reader_->stats().held, 2 * kGroups);
  }
}

}  // namespace
}  // namespace plimsoll::cgroupfs
