// Many groups and few descriptors; and the choice between v1's families of block IO files.
#include <sys/resource.h>

#include <filesystem>

#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;

std::size_t open_descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

class Crowd : public FixtureHost {
 protected:
  void make(std::size_t groups) {
    for (std::size_t i = samples_.size(); i < groups; ++i) {
      const std::string name = "/c" + std::to_string(i) + "/";
      host_.write("cpuacct" + name + "cpuacct.usage_percpu", "1 2 \n");
      host_.write("cpu" + name + "cpu.stat", "nr_periods 1\n");
      host_.write("memory" + name + "memory.usage_in_bytes", "1000\n");
      host_.write("memory" + name + "memory.stat", "total_inactive_file 118\n");
      host_.write("blkio" + name + "blkio.throttle.io_service_bytes_recursive", "8:0 Read 9\n");
    }
    open();
    groups_.clear();
    for (std::size_t i = 0; i < groups; ++i)
      groups_.push_back(group_at(layout_, "/c" + std::to_string(i), i + 1));
    samples_.resize(groups);
  }
  // Reads all groups in full and checks that every one was really read.
  void read_all() {
    std::vector<ReadTarget> targets(groups_.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
      targets[i].cgroup = &groups_[i];
      targets[i].sample = &samples_[i];
      targets[i].due = TierSet::all();
      targets[i].full = true;
    }
    clock_.advance(std::chrono::seconds(1));
    reader_->read(targets);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      ASSERT_EQ(targets[i].outcome, ReadOutcome::kRead);
      ASSERT_EQ(samples_[i].value(kMemoryWorkingSet), 1000U - 118) << i;
      ASSERT_EQ(samples_[i].value(kIoReadBytes), 9U) << i;
    }
  }
  std::vector<Cgroup> groups_;
  std::vector<CgroupSample> samples_;
};

TEST_F(Crowd, SharesTheBudgetEquallyAndShrinksAsItGrows) {
  make(10);
  ReaderOptions options = options_for(GroupSet::all());
  options.max_held = 40;
  start(options);
  read_all();
  EXPECT_EQ(reader_->stats().held_per_cgroup, 4U);
  EXPECT_EQ(reader_->stats().held, 40U);
  make(25);
  read_all();
  EXPECT_EQ(reader_->stats().held_per_cgroup, 1U);
  EXPECT_EQ(reader_->stats().held, 25U);
  for (std::size_t i = 10; i < 25; ++i) reader_->forget(i + 1);
  groups_.resize(10);
  read_all();
  read_all();
  EXPECT_EQ(reader_->stats().held, 30U) << "rises with a margin";
}

TEST_F(Crowd, ForgettingClosesWhatWasHeld) {
  const std::size_t before = open_descriptors();
  make(4);
  start();
  const std::size_t with_layout = open_descriptors();
  read_all();
  EXPECT_EQ(open_descriptors(), with_layout + 20);
  for (std::size_t i = 0; i < 4; ++i) reader_->forget(i + 1);
  reader_->forget(99);
  EXPECT_EQ(open_descriptors(), with_layout);
  EXPECT_EQ(reader_->stats().held, 0U);
  EXPECT_GE(with_layout, before);
}

TEST_F(Crowd, RunningOutOfDescriptorsGivesHeldOnesBack) {
  make(20);
  start();  // A budget that the process does not have.
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit low = old;
  low.rlim_cur = open_descriptors() + 50;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  read_all();
  read_all();
  const ReaderStats stats = reader_->stats();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_LT(stats.held_per_cgroup, 3U);
  EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
  clock_.advance(std::chrono::seconds(120));
  read_all();
  EXPECT_EQ(reader_->stats().held, 100U) << "the shortage is forgotten";
}

class Blkio : public FixtureHost {
 protected:
  static constexpr const char* kBfqFile = "blkio.bfq.io_service_bytes_recursive";
  Blkio() {
    host_.write("blkio/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
    host_.write("blkio/blkio.throttle.io_serviced_recursive", "Total 0\n");
    host_.write(std::string("blkio/") + kBfqFile, "Total 0\n");
    host_.write("blkio/a/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
    host_.write(std::string("blkio/a/") + kBfqFile, "8:0 Read 5\nTotal 5\n");
    host_.write("blkio/a/blkio.bfq.io_merged_recursive", "8:0 Read 1\n8:0 Write 2\nTotal 3\n");
    host_.write("blkio/a/blkio.bfq.io_queued_recursive", "8:0 Total 3\nTotal 3\n");
    host_.write("blkio/a/blkio.bfq.io_service_time_recursive",
                "8:0 Read 4\n8:0 Write 5\n8:0 Total 9\nTotal 9\n");
    host_.write("blkio/a/blkio.bfq.io_wait_time_recursive", "8:0 Total 6\nTotal 6\n");
    host_.write("blkio/a/blkio.bfq.sectors_recursive", "8:0 7\n");
    open();
    start();
    group_ = group_at(layout_, "/a");
  }
  Cgroup group_;
};

TEST_F(Blkio, TheFamilyThatCountsIsTakenWhenItBeginsToCount) {
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  EXPECT_FALSE(value(kIoReadBytes)) << "nobody lists a device yet: throttling's files";
  host_.write(std::string("blkio/") + kBfqFile, "8:0 Read 5\nTotal 5\n");
  clock_.advance(std::chrono::seconds(60));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  DeviceIo disk;
  disk.major = 8;
  disk.read_bytes = 5;
  disk.reads_merged = 1;
  disk.writes_merged = 2;
  disk.queued = 3;
  disk.read_time_ns = 4;
  disk.write_time_ns = 5;
  disk.service_time_ns = 9;
  disk.wait_time_ns = 6;
  disk.sectors = 7;
  EXPECT_EQ(sample_.devices, std::vector{disk});
  EXPECT_EQ(value(kIoReadBytes), 5U);

  host_.write("blkio/blkio.throttle.io_service_bytes_recursive", "8:0 Read 9\nTotal 9\n");
  host_.write("blkio/a/blkio.throttle.io_service_bytes_recursive", "8:0 Read 8\nTotal 8\n");
  clock_.advance(std::chrono::seconds(60));
  ASSERT_EQ(read(group_), ReadOutcome::kRead);
  DeviceIo throttled;
  throttled.major = 8;
  throttled.read_bytes = 8;
  EXPECT_EQ(sample_.devices, std::vector{throttled}) << "nothing of the other family stays";
}

}  // namespace
}  // namespace plimsoll::cgroupfs
