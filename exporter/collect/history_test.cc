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
  // `count` containers with the same values.
  void tick_all(std::size_t count, const std::vector<std::pair<Field, std::uint64_t>>& values) {
    Snapshot snapshot;
    clock.advance(seconds(1));
    snapshot.sequence = ++sequence;
    snapshot.wall = clock.wall();
    snapshot.reserve(count);
    for (std::size_t row = 0; row < count; ++row) {
      snapshot.rows.emplace_back().serial = row + 1;
      for (const auto& [field, value] : values) snapshot.set(field, row, value);
    }
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

// What the sampler says of its rows saves looking at them; it must not lose anything.
TEST(History, TrustsTheSnapshotAboutRowsThatDidNotChange) {
  const auto history = History::create({});
  const auto append = [&](std::uint64_t sequence, std::vector<std::uint64_t> serials,
                          std::uint64_t rows_since, std::vector<std::uint64_t> changed) {
    Snapshot snapshot;
    snapshot.sequence = sequence;
    snapshot.wall = WallTime(seconds(1'700'000'000 + sequence));
    snapshot.reserve(serials.size());
    snapshot.rows_since = rows_since;
    snapshot.changed = std::move(changed);
    for (std::size_t row = 0; row < serials.size(); ++row) {
      snapshot.rows.emplace_back().serial = serials[row];
      snapshot.set(Field::kPids, row, snapshot.changed[row]);
    }
    history->append(snapshot);
  };
  append(1, {1, 2}, 1, {1, 1});
  append(2, {1, 2}, 1, {1, 2});
  // 3 was a scrape's, and not remembered.
  append(4, {1, 2}, 1, {3, 2});
  append(5, {2, 3}, 5, {2, 5});
  append(6, {2, 3}, 5, {2, 5});
  const auto pids = [&](std::uint64_t serial) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> values;
    for (const HistoryPoint& point : history->read(serial))
      values.emplace_back(point.sequence, Recorder::value(point, Field::kPids).value());
    return values;
  };
  using Values = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  EXPECT_EQ(pids(1), (Values{{1, 1}, {2, 1}, {4, 3}})) << "ended with its row";
  EXPECT_EQ(pids(2), (Values{{1, 1}, {2, 2}, {4, 2}, {5, 2}, {6, 2}}));
  EXPECT_EQ(pids(3), (Values{{5, 5}, {6, 5}}));
  EXPECT_EQ(history->stats().points, 10U);
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

// What stands still in a container that has what it needs.
bool is_quiet(Field field) {
  const std::string_view path = cgroupfs::info(field).path;
  constexpr std::array kQuiet = {Field::kMemorySwap,
                                 Field::kMemoryFailcnt,
                                 Field::kMemoryPeak,
                                 Field::kMemoryPgmajfault,
                                 Field::kMemoryPgmajfaultTotal,
                                 Field::kMemoryPgscan,
                                 Field::kMemoryPgsteal,
                                 Field::kMemoryRefaultFile,
                                 Field::kMemoryRefaultAnon,
                                 Field::kCpuBursts,
                                 Field::kCpuBurst,
                                 Field::kPsiCpuFull};
  return path.starts_with("pressure.memory") || path.starts_with("pressure.io") ||
         path.starts_with("memory.events") || path.ends_with("dropped") ||
         path.ends_with("errors") || std::ranges::find(kQuiet, field) != kQuiet.end();
}

// Ten containers at work: CPU at a quarter core with noise, memory moving by pages, IO and network
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
      if (field == Field::kMemoryLimit)
        value = 64U << 20U;
      else if (is_quiet(field))
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
    recorder.tick_all(10, values);
  }
  const HistoryStats stats = recorder.history->stats();
  ASSERT_EQ(stats.points, 3000U);
  const double per_value = static_cast<double>(stats.bytes) /
                           static_cast<double>(stats.points * history_fields().size());
  EXPECT_LE(per_value, 2.0);
  RecordProperty("bytes_per_value", std::to_string(per_value));
}

TEST(History, IdleContainerCostsItsLastPointAndNothingATick) {
  Recorder recorder;
  for (int i = 0; i < 300; ++i)
    recorder.tick_all(
        10, {{Field::kCpuUsage, 123'456'789}, {Field::kMemoryUsage, 4096}, {Field::kPids, 1}});
  const HistoryStats stats = recorder.history->stats();
  ASSERT_EQ(stats.points, 3000U);
  EXPECT_LE(stats.bytes / stats.points, 4U);
  const auto points = recorder.history->read(7, 200);
  ASSERT_EQ(points.size(), 100U) << "every tick is given back";
  EXPECT_EQ(points.front().sequence, 201U);
  EXPECT_EQ(Recorder::value(points.front(), Field::kCpuUsage), 123'456'000U);
  EXPECT_EQ(points[1].wall - points[0].wall, seconds(1));
  RecordProperty("bytes_per_point", std::to_string(static_cast<double>(stats.bytes) /
                                                   static_cast<double>(stats.points)));
}

// The sampler's thread and a stream's: what is read is whole points in order.
TEST(History, IsReadWhileItIsWritten) {
  Recorder recorder({.keep = seconds(30), .max_bytes = 2048});
  std::atomic<bool> done = false;
  const std::jthread reader([&] {
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
  const auto first = *rc::gen::inRange<HistoryTick>(0, 1000);
  HistoryBlock block(first);
  HistoryEncoder encoder;
  std::vector<StoredPoint> points;
  const auto count = *rc::gen::inRange<std::size_t>(1, HistoryBlock::kPoints + 1);
  for (std::size_t n = 0; n < count; ++n) {
    StoredPoint point;
    point.tick =
        points.empty() ? first : points.back().tick + *rc::gen::inRange<HistoryTick>(1, 100);
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
