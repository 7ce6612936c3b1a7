#include "exporter/collect/history.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/fake_clock.h"
#include "exporter/collect/history_codec.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using std::chrono::seconds;

// Snapshots of one container after the other, one second apart.
class Recorder {
 public:
  explicit Recorder(HistoryOptions options = {}) : history(History::create(options)) {}

  void tick(const std::vector<std::pair<Field, std::uint64_t>>& values, std::uint64_t serial = 1) {
    Snapshot snapshot;
    clock.advance(seconds(1));
    snapshot.sequence = ++sequence;
    snapshot.wall = clock.wall();
    snapshot.reserve(1);
    Row row;
    row.serial = serial;
    snapshot.rows.push_back(std::move(row));
    for (const auto& [field, value] : values) snapshot.set(field, 0, value);
    history->append(snapshot);
  }
  static std::optional<std::uint64_t> value(const HistoryPoint& point, Field field) {
    const auto fields = history_fields();
    const auto at = std::ranges::find(fields, field);
    return point.values[static_cast<std::size_t>(at - fields.begin())];
  }

  FakeClock clock;
  std::uint64_t sequence = 0;
  std::unique_ptr<History> history;
};

TEST(History, GivesBackWhatWasAppended) {
  Recorder recorder;
  for (std::uint64_t i = 1; i <= 150; ++i)
    recorder.tick({{Field::kCpuUsage, i * 1'000'000}, {Field::kMemoryUsage, 4096 * i + 1}});
  const auto points = recorder.history->read(1);
  ASSERT_EQ(points.size(), 150U);
  for (std::uint64_t i = 1; i <= 150; ++i) {
    EXPECT_EQ(points[i - 1].sequence, i);
    EXPECT_EQ(Recorder::value(points[i - 1], Field::kCpuUsage), i * 1'000'000);
    EXPECT_EQ(Recorder::value(points[i - 1], Field::kMemoryUsage), 4096 * i + 1);
    EXPECT_EQ(Recorder::value(points[i - 1], Field::kPids), std::nullopt) << "absent stays absent";
  }
  EXPECT_EQ(points[1].wall - points[0].wall, seconds(1));
}

TEST(History, SelectsBySequenceAndTime) {
  Recorder recorder;
  for (std::uint64_t i = 1; i <= 100; ++i) recorder.tick({{Field::kPids, i}});
  EXPECT_EQ(recorder.history->read(1, 90).size(), 10U);
  EXPECT_EQ(recorder.history->read(1, 100).size(), 0U);
  EXPECT_EQ(recorder.history->read(1, 0, recorder.clock.wall() - seconds(4)).size(), 5U);
  EXPECT_TRUE(recorder.history->read(2).empty());
}

TEST(History, CounterResetsAndValuesThatComeAndGo) {
  Recorder recorder;
  recorder.tick({{Field::kCpuUsage, 9'000'000'000'000}, {Field::kPids, 3}});
  recorder.tick({{Field::kCpuUsage, 1000}});
  recorder.tick({{Field::kPids, 0}});
  const auto points = recorder.history->read(1);
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(Recorder::value(points[1], Field::kCpuUsage), 1000U);
  EXPECT_EQ(Recorder::value(points[1], Field::kPids), std::nullopt);
  EXPECT_EQ(Recorder::value(points[2], Field::kPids), 0U) << "zero is not absent";
}

TEST(History, KeepsWhatItPromisesAndForgetsTheRest) {
  Recorder recorder({.keep = seconds(120)});
  for (std::uint64_t i = 1; i <= 1000; ++i) recorder.tick({{Field::kPids, i}});
  const auto points = recorder.history->read(1);
  EXPECT_GE(points.size(), 120U);
  EXPECT_LE(points.size(), 120U + 2 * HistoryBlock::kPoints);
  EXPECT_EQ(points.back().sequence, 1000U);
  for (int i = 0; i < 300; ++i) recorder.tick({{Field::kPids, 1}}, 2);
  EXPECT_TRUE(recorder.history->read(1).empty()) << "a container that ended ages out";
  EXPECT_EQ(recorder.history->stats().containers, 1U);
}

TEST(History, KeepingNothingStoresNothing) {
  Recorder recorder({.keep = seconds(0)});
  recorder.tick({{Field::kPids, 1}});
  EXPECT_EQ(recorder.history->stats().bytes, 0U);
}

TEST(History, CapDropsTheOldestAndCountsIt) {
  Recorder recorder({.keep = std::chrono::hours(10), .max_bytes = 4096});
  for (std::uint64_t i = 1; i <= 5000; ++i) recorder.tick({{Field::kCpuUsage, i * 777'777'000}});
  const HistoryStats stats = recorder.history->stats();
  EXPECT_LE(stats.bytes, 4096U);
  EXPECT_GT(stats.evicted, 0U);
  EXPECT_EQ(stats.evicted + stats.points, 5000U);
  EXPECT_EQ(recorder.history->read(1).back().sequence, 5000U);
}

// A container at work: CPU at a quarter core with noise, memory moving by pages, IO and network
// counters running.
TEST(History, BusyContainerCostsAtMostTwoBytesAValue) {
  Recorder recorder;
  std::uint64_t random = 1;
  const auto noise = [&](std::uint64_t below) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    return (random >> 33U) % below;
  };
  std::vector<std::pair<Field, std::uint64_t>> values;
  for (const Field field : history_fields()) values.emplace_back(field, 0);
  for (int i = 0; i < 300; ++i) {
    for (auto& [field, value] : values) {
      const auto& info = cgroupfs::info(field);
      const std::string_view path = info.path;
      if (field == Field::kMemoryLimit)
        value = 64U << 20U;
      else if (path.starts_with("pressure.memory") || path.starts_with("pressure.io") ||
               path.ends_with("dropped") || field == Field::kMemorySwap ||
               field == Field::kMemoryFailcnt || field == Field::kMemoryEventsOomKill)
        value += 0;
      else if (field == Field::kCpuPeriods)
        value += 10;
      else if (field == Field::kCpuThrottledPeriods)
        value += noise(3);
      else if (info.unit == cgroupfs::Unit::kNanoseconds)
        value += 250'000'000 + noise(10'000'000);
      else if (info.kind == cgroupfs::Kind::kCounter)
        value += noise(info.unit == cgroupfs::Unit::kBytes ? 200'000 : 200);
      else if (info.unit == cgroupfs::Unit::kBytes)
        value = (10'000 + noise(500)) * 4096;
      else
        value = 10 + noise(3);
    }
    recorder.tick(values);
  }
  const HistoryStats stats = recorder.history->stats();
  const double per_value = static_cast<double>(stats.bytes) /
                           static_cast<double>(stats.points * history_fields().size());
  EXPECT_LE(per_value, 2.0);
  RecordProperty("bytes_per_value", std::to_string(per_value));
}

TEST(History, IdleContainerCostsAFewBytesATick) {
  Recorder recorder;
  for (int i = 0; i < 300; ++i)
    recorder.tick(
        {{Field::kCpuUsage, 123'456'789}, {Field::kMemoryUsage, 4096}, {Field::kPids, 1}});
  const HistoryStats stats = recorder.history->stats();
  EXPECT_LE(stats.bytes / stats.points, 8U);
  RecordProperty("bytes_per_point", std::to_string(static_cast<double>(stats.bytes) /
                                                   static_cast<double>(stats.points)));
}

// The sampler's thread and a stream's: what is read is whole points in order.
TEST(History, IsReadWhileItIsWritten) {
  Recorder recorder({.keep = seconds(30), .max_bytes = 2048});
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    std::uint64_t last = 0;
    while (!done) {
      for (const HistoryPoint& point : recorder.history->read(1, last)) {
        ASSERT_GT(point.sequence, last);
        ASSERT_EQ(Recorder::value(point, Field::kPids), point.sequence);
        last = point.sequence;
      }
      ASSERT_LE(recorder.history->stats().bytes, 2048U);
    }
  });
  for (std::uint64_t i = 1; i <= 3000; ++i) recorder.tick({{Field::kPids, i}});
  done = true;
}

RC_GTEST_PROP(HistoryCodec, DecodesWhatItEncoded, ()) {
  HistoryBlock block;
  HistoryEncoder encoder;
  std::vector<StoredPoint> points;
  const auto count = *rc::gen::inRange<std::size_t>(1, HistoryBlock::kPoints + 1);
  for (std::size_t n = 0; n < count; ++n) {
    StoredPoint point;
    point.sequence = (points.empty() ? 0 : points.back().sequence) + *rc::gen::inRange(1, 100);
    point.wall_us = *rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000);
    point.present = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << kHistoryFieldCount);
    for (std::size_t i = 0; i < kHistoryFieldCount; ++i)
      if ((point.present >> i & 1U) != 0)
        point.values[i] = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 61U);
    encoder.append(block, point);
    points.push_back(point);
  }
  RC_ASSERT(block.decode() == points);
}

}  // namespace
}  // namespace plimsoll::exporter
