#include "agent/top/history.h"

#include <gmock/gmock.h>

#include <cmath>

#include "agent/top/judge.h"
#include "agent/top/test_frames.h"

namespace plimsoll::agent::top {
namespace {

const Entry& only(const History& history) {
  EXPECT_EQ(history.entries().size(), 1U);
  return history.entries().begin()->second;
}

TEST(History, RatesAreOfTheInterval) {
  StatsRow row = calm_row("web", '1');
  History history;
  history.take(frame_at(0, {row}));
  EXPECT_TRUE(std::isnan(only(history).now().net_rx));
  row.net_rx = 3000;
  row.block_write = 500;
  history.take(frame_at(2, {row}));
  EXPECT_FLOAT_EQ(only(history).now().net_rx, 1500);
  EXPECT_FLOAT_EQ(only(history).now().write, 250);
}

TEST(History, ACounterThatBeginsAnewHasNoRate) {
  StatsRow row = calm_row("web", '1');
  row.net_rx = 3000;
  History history;
  history.take(frame_at(0, {row}));
  row.net_rx = 10;
  history.take(frame_at(1, {row}));
  EXPECT_TRUE(std::isnan(only(history).now().net_rx));
  EXPECT_EQ(only(history).points.size(), 2U);
}

TEST(History, AnotherContainerInTheSameGroupIsAnother) {
  StatsRow row = calm_row("web", '1');
  History history;
  history.take(frame_at(0, {row}));
  row.id = hex_id('2');
  row.oom_kills = 5;
  history.take(frame_at(1, {row}));
  EXPECT_EQ(only(history).points.size(), 1U);
  EXPECT_EQ(only(history).oom_seen, 0U);
}

TEST(History, ForgetsWhatHasGoneAndOldFrames) {
  History history;
  history.take(frame_at(1, {calm_row("web", '1'), calm_row("db", '2')}));
  history.take(frame_at(0, {calm_row("web", '1')}));
  EXPECT_EQ(history.entries().size(), 2U);
  history.take(frame_at(2, {calm_row("web", '1')}));
  EXPECT_EQ(only(history).row.name, "web");
}

TEST(History, GoesOnAfterTheClockWasSetBack) {
  StatsRow row = calm_row("web", '1');
  History history;
  history.take(frame_at(3600, {row}));
  row.net_rx = 1000;
  history.take(frame_at(0, {row}));
  EXPECT_TRUE(std::isnan(only(history).now().net_rx));  // Nobody knows how long it was.
  row.net_rx = 2000;
  history.take(frame_at(1, {row}));
  EXPECT_FLOAT_EQ(only(history).now().net_rx, 1000);
}

TEST(History, IsBounded) {
  History history;
  for (int second = 0; second < 400; ++second)
    history.take(frame_at(second, {calm_row("web", '1')}));
  EXPECT_EQ(only(history).points.size(), History::kPoints);
  EXPECT_EQ(only(history).first, 100U);
}

TEST(History, SumsAddWhatAddsAndKeepTheWorstShare) {
  StatsRow a = calm_row("a", '1');
  StatsRow b = full_row("b", '2');
  a.psi_io = 0.2;
  b.psi_io = 0.1;
  History history;
  history.take(frame_at(0, {a, b}));
  std::vector<const Entry*> parts;
  for (const auto& [key, entry] : history.entries()) parts.push_back(&entry);
  const Entry total = sum_of(parts, "both");
  EXPECT_FLOAT_EQ(total.now().cpu, 0.5);
  EXPECT_FLOAT_EQ(total.now().psi_io, 0.2F);
  EXPECT_EQ(total.row.memory, std::uint64_t{560} << 20);
  EXPECT_EQ(total.level(), Level::kAlarm);
  EXPECT_EQ(total.row.name, "both");
}

struct Case {
  const char* name;
  void (*change)(StatsRow& row);
  const char* marks;
  Level level;
};
class Judge : public ::testing::TestWithParam<Case> {};
TEST_P(Judge, SaysWhy) {
  StatsRow row = calm_row("web", '1');
  GetParam().change(row);
  History history;
  history.take(frame_at(0, {row}));
  EXPECT_EQ(marks_of(only(history).reasons), GetParam().marks);
  EXPECT_EQ(only(history).level(), GetParam().level);
  for (const Reason& reason : only(history).reasons)
    EXPECT_THAT(reason.sentence, ::testing::Not(::testing::HasSubstr(" % "))) << "not filled in";
}
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
INSTANTIATE_TEST_SUITE_P(
    , Judge,
    ::testing::Values(
        Case{"Nothing", [](StatsRow&) {}, "", Level::kCalm},
        Case{"MemoryBelow", [](StatsRow& r) { r.memory = 460 * kMiB; }, "", Level::kCalm},
        Case{"MemoryNear", [](StatsRow& r) { r.memory = 470 * kMiB; }, "MEM 91%", Level::kWarning},
        Case{"MemoryFull", [](StatsRow& r) { r.memory = 512 * kMiB; }, "MEM 100%", Level::kAlarm},
        Case{"NoMemoryLimit",
             [](StatsRow& r) {
               r.memory = r.machine_memory;
               r.memory_limit = Limit<std::uint64_t>::none();
             },
             "", Level::kCalm},
        Case{"Pids",
             [](StatsRow& r) {
               r.pids = 95;
               r.pids_limit = Limit<std::uint64_t>(100);
             },
             "PIDS 95%", Level::kAlarm},
        Case{"Throttled", [](StatsRow& r) { r.throttled = 0.3; }, "THR 30%", Level::kWarning},
        Case{"Stalls",
             [](StatsRow& r) {
               r.psi_memory = 0.15;
               r.psi_io = 0.8;
             },
             "STALL io 80%, STALL mem 15%", Level::kAlarm},
        Case{"CpuPressureAlone", [](StatsRow& r) { r.psi_cpu = 1; }, "", Level::kCalm},
        Case{"OldKills", [](StatsRow& r) { r.oom_kills = 2; }, "oom 2x", Level::kNote},
        Case{"NotOffered",
             [](StatsRow& r) {
               r.memory.reset();
               r.pids.reset();
               r.throttled.reset();
               r.psi_memory.reset();
               r.oom_kills.reset();
             },
             "", Level::kCalm}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(JudgeOfKills, AKillThatWasSeenIsAnAlarmForTenMinutes) {
  StatsRow row = calm_row("web", '1');
  History history;
  history.take(frame_at(0, {row}));
  row.oom_kills = 2;
  history.take(frame_at(1, {row}));
  EXPECT_EQ(marks_of(only(history).reasons), "OOM 2x");
  EXPECT_THAT(only(history).reasons[0].sentence, ::testing::HasSubstr("the last one 0 s ago"));
  row.oom_kills = 3;
  history.take(frame_at(60, {row}));
  EXPECT_EQ(marks_of(only(history).reasons), "OOM 3x");
  history.take(frame_at(660, {row}));
  EXPECT_EQ(only(history).level(), Level::kAlarm);
  history.take(frame_at(661, {row}));
  EXPECT_EQ(marks_of(only(history).reasons), "oom 3x");
  EXPECT_EQ(only(history).level(), Level::kNote);
}

}  // namespace
}  // namespace plimsoll::agent::top
