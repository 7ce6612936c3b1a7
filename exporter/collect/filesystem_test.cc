// Host file systems and layers on a temporary tree, with the clock in our hands; then the thread.
#include "exporter/collect/filesystem.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <thread>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "exporter/collect/disk_survey.h"

namespace plimsoll::exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A host mounted below ROOT/host, all of it on the file system the test runs on.
class RecordedDisks : public ::testing::Test {
 protected:
  RecordedDisks() : proc_(open_dir((tree_.path() + "/proc").c_str()).value()) {
    struct stat info{};
    EXPECT_EQ(::stat(tree_.path().c_str(), &info), 0);
    device_ = std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev));
    write_mounts("");
    tree_.write("proc/diskstats", " " + std::to_string(major(info.st_dev)) + " " +
                                      std::to_string(minor(info.st_dev)) +
                                      " vdx 1 2 3 4 5 6 7 8 9 10 11\n");
    options_.host_root = tree_.path() + "/host";
  }

  void write_mounts(const std::string& more) const {
    tree_.write("proc/1/mountinfo", "27 1 " + device_ + " / / rw - ext4 /dev/vdx rw\n" + more);
  }
  DiskSurvey& survey() {
    if (!survey_)
      survey_ = std::make_unique<DiskSurvey>(DirFd(::dup(proc_.get())), clock_, options_);
    return *survey_;
  }
  std::chrono::nanoseconds step() {
    return survey().step([] { return false; });
  }
  const FilesystemUsage* layer(std::uint64_t serial) {
    const auto& layers = survey().results()->layers;
    const auto found = layers.find(serial);
    return found == layers.end() ? nullptr : &found->second;
  }
  static LayerRequest request(std::uint64_t serial, const std::string& upper,
                              const std::string& log = "") {
    return {.serial = serial, .upper_dir = upper, .log_path = log};
  }

  TempTree tree_{{"proc/", ""}, {"host/", ""}};
  DirFd proc_;
  std::string device_;
  FakeClock clock_;
  FilesystemOptions options_;
  std::unique_ptr<DiskSurvey> survey_;
};

TEST_F(RecordedDisks, HostRowHasSizeAndDeviceStatistics) {
  struct statvfs truth{};
  ASSERT_EQ(::statvfs(tree_.path().c_str(), &truth), 0);
  step();
  const auto results = survey().results();
  ASSERT_EQ(results->host.size(), 1U);
  const FilesystemUsage& host = results->host[0];
  EXPECT_EQ(host.device, "/dev/vdx");
  EXPECT_EQ(host.type, "ext4");
  EXPECT_EQ(host.mountpoint, "/");
  EXPECT_EQ(host.limit_bytes, truth.f_blocks * truth.f_frsize);
  EXPECT_GT(host.usage_bytes, 0U);
  EXPECT_LE(host.usage_bytes + host.available_bytes.value(), host.limit_bytes);
  EXPECT_EQ(host.reads, 1U);
  EXPECT_EQ(host.read_time_ns, 4'000'000U) << "milliseconds in the file";
  EXPECT_EQ(host.sectors_written, 7U);
  EXPECT_EQ(host.io_time_ns, 10'000'000U);
  EXPECT_EQ(host.weighted_io_time_ns, 11'000'000U);
}

TEST_F(RecordedDisks, NetworkMountsAreNotTouchedAndForeignOnesNotBelieved) {
  // If it touched /net it would find our own file system there and report it.
  tree_.write("host/net/x", "");
  tree_.write("host/other/x", "");
  write_mounts("28 1 0:55 / /net rw - nfs4 server:/x rw\n29 1 99:99 / /other rw - xfs /dev/y rw\n");
  step();
  EXPECT_EQ(survey().results()->host.size(), 1U);
}

TEST_F(RecordedDisks, KernelsOwnNameForTheRootIsReplaced) {
  tree_.write("proc/1/mountinfo", "27 1 " + device_ + " / / rw - ext4 /dev/root rw\n");
  step();
  EXPECT_EQ(survey().results()->host.at(0).device, "/dev/vdx");
}

TEST_F(RecordedDisks, LayerIsItsTreePlusTheLogs) {
  tree_.write("host/store/1/diff/file", std::string(100'000, 'x'));
  tree_.write("host/logs/1/json.log", std::string(50'000, 'x'));
  survey().want({request(1, "/store/1/diff"), request(2, "/store/1/diff", "/logs/1/json.log")});
  EXPECT_EQ(survey().stats().waiting, 2U);
  step();
  ASSERT_NE(layer(1), nullptr);
  ASSERT_NE(layer(2), nullptr);
  EXPECT_GE(layer(1)->usage_bytes, 100'000U);
  EXPECT_LT(layer(1)->usage_bytes, 150'000U);
  EXPECT_GE(layer(2)->usage_bytes, layer(1)->usage_bytes + 50'000U);
  EXPECT_EQ(layer(1)->inodes_used, 2U) << "a directory and a file";
  EXPECT_EQ(layer(1)->device, "/dev/vdx");
  EXPECT_EQ(layer(1)->limit_bytes, survey().results()->host[0].limit_bytes);
  EXPECT_EQ(layer(1)->reads, std::nullopt) << "the host's numbers are not the layer's";
  EXPECT_EQ(survey().stats().layers, 2U);
  EXPECT_EQ(survey().stats().waiting, 0U);
  EXPECT_GT(survey().stats().walked_files, 2U);
}

TEST_F(RecordedDisks, LayerIsMeasuredAgainAfterItsInterval) {
  tree_.write("host/store/1/diff/file", "x");
  survey().want({request(1, "/store/1/diff")});
  step();
  const std::uint64_t before = layer(1)->usage_bytes;
  tree_.write("host/store/1/diff/file2", std::string(100'000, 'x'));
  clock_.advance(seconds(59));
  step();
  EXPECT_EQ(layer(1)->usage_bytes, before);
  clock_.advance(seconds(1));
  step();
  EXPECT_GE(layer(1)->usage_bytes, before + 100'000U);
}

TEST_F(RecordedDisks, MissingAndUnwantedLayersAreAbsent) {
  tree_.write("host/store/1/diff/file", "x");
  survey().want({request(1, "/store/1/diff"), request(2, "/store/2/diff"), request(3, "")});
  step();
  EXPECT_NE(layer(1), nullptr);
  EXPECT_EQ(layer(2), nullptr);
  EXPECT_EQ(survey().stats().layers, 2U) << "no layer was named for the third";
  EXPECT_EQ(survey().stats().waiting, 1U);
  survey().want({request(2, "/store/2/diff")});
  step();
  EXPECT_EQ(layer(1), nullptr);
  // It appears later and is found at the next turn.
  tree_.write("host/store/2/diff/file", "x");
  clock_.advance(seconds(60));
  step();
  EXPECT_NE(layer(2), nullptr);
  // And goes.
  tree_.remove("host/store");
  clock_.advance(seconds(60));
  step();
  EXPECT_EQ(layer(2), nullptr) << "absent, not zero and not its last size";
}

TEST_F(RecordedDisks, LayerOnANetworkIsNotTouched) {
  tree_.write("host/net/1/diff/file", "x");
  write_mounts("28 1 0:55 / /net rw - nfs4 server:/x rw\n");
  survey().want({request(1, "/net/1/diff")});
  step();
  EXPECT_EQ(layer(1), nullptr);
}

TEST_F(RecordedDisks, SymbolicLinksMeanTheHostsRoot) {
  tree_.write("host/data/docker/1/diff/file", std::string(100'000, 'x'));
  tree_.write("host/var/lib/x", "");
  ASSERT_EQ(::symlink("/data/docker", (tree_.path() + "/host/var/lib/docker").c_str()), 0);
  survey().want({request(1, "/var/lib/docker/1/diff")});
  step();
  ASSERT_NE(layer(1), nullptr);
  EXPECT_GE(layer(1)->usage_bytes, 100'000U);
}

// Runs as time goes by while it looks at files: each question of the clock costs a millisecond.
class TickingClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override {
    now_ += milliseconds(1);
    return now_;
  }
  [[nodiscard]] WallTime wall() const override { return {}; }

 private:
  mutable MonoTime now_{seconds(1)};
};

TEST_F(RecordedDisks, BudgetEndsASliceAndARestFollows) {
  for (int i = 0; i < 500; ++i)
    tree_.write("host/store/1/diff/d" + std::to_string(i % 7) + "/f" + std::to_string(i), "x");
  tree_.write("host/store/2/diff/file", "x");
  const TickingClock clock;
  options_.walk_budget = milliseconds(10);
  options_.walk_pause = milliseconds(90);
  DiskSurvey survey(DirFd(::dup(proc_.get())), clock, options_);
  survey.want({request(1, "/store/1/diff"), request(2, "/store/2/diff")});
  int slices = 0;
  std::chrono::nanoseconds rest{};
  bool small_one_first = false;
  while (survey.stats().waiting > 0 && slices < 100) {
    rest = survey.step([] { return false; });
    ++slices;
    if (survey.results() && survey.results()->layers.size() == 1)
      small_one_first = survey.results()->layers.contains(2);
    if (survey.stats().waiting > 0) {
      EXPECT_GE(rest, milliseconds(90));
    }
  }
  EXPECT_GE(slices, 3);
  EXPECT_TRUE(small_one_first) << "a huge layer does not hold up the others";
  EXPECT_EQ(survey.results()->layers.at(1).inodes_used, 1U + 7 + 500);
}

TEST_F(RecordedDisks, StoppedSurveyAsksTheClockNoMore) {
  tree_.write("host/store/1/diff/file", "x");
  survey().want({request(1, "/store/1/diff")});
  EXPECT_EQ(survey().step([] { return true; }).count(), 0);
  EXPECT_EQ(survey().results(), nullptr);
}

TEST(OwnQuota, IsOneThatAllLayersDoNotShare) {
  const Capacity disk{.total = 1000, .free = 10, .available = 5, .inodes = 50, .inodes_free = 20};
  Capacity same = disk;
  same.free = 7;  // Somebody wrote in between.
  same.inodes_free = 3;
  EXPECT_FALSE(has_own_quota(same, disk));
  EXPECT_TRUE(has_own_quota({.total = 100, .inodes = 50}, disk));
  EXPECT_TRUE(has_own_quota({.total = 1000, .inodes = 5}, disk)) << "a quota of inodes alone";
}

TEST_F(RecordedDisks, ThreadMeasuresPublishesAndStops) {
  tree_.write("host/store/1/diff/file", std::string(100'000, 'x'));
  const RealClock clock;
  const auto collector = FilesystemCollector::create(proc_, proc_, clock, options_);
  collector->want({request(1, "/store/1/diff")});
  std::shared_ptr<const FilesystemCollector::Results> results;
  for (int attempt = 0; attempt < 500; ++attempt) {
    results = collector->results();
    if (results && results->layers.contains(1)) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  ASSERT_TRUE(results);
  EXPECT_GE(results->layers.at(1).usage_bytes, 100'000U);
  EXPECT_EQ(results->host.size(), 1U);
  EXPECT_EQ(collector->stats().layers, 1U);
  EXPECT_GT(collector->stats().walk_cpu_seconds, 0.0);
}

}  // namespace
}  // namespace plimsoll::exporter
