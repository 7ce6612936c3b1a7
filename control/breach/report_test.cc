#include "control/breach/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace plimsoll::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr MonoTime kNow{seconds(1000)};

ReportInput a_kill() {
  ReportInput input;
  input.now = kNow;
  input.event.id = 3;
  input.event.kind = BreachKind::kOomKill;
  input.event.cgroup = "/docker/a";
  input.event.limit = "memory.max";
  input.event.pid = 20;
  input.event.process = "hog";
  input.event.constraint = "CONSTRAINT_MEMCG";
  input.command_line = "/bin/hog --all";
  input.commands = {{21, "helper --x"}};
  input.bound = {.cgroup = "/docker/a", .limit = 64 * kMiB, .swap_limit = 0};
  cgroupfs::OomDump dump;
  dump.victim = cgroupfs::KilledProcess{.pid = 20,
                                        .process = "hog",
                                        .anon = 50 * kMiB,
                                        .file = 1 * kMiB,
                                        .shmem = 0,
                                        .page_tables = 4096,
                                        .oom_score_adj = 5};
  dump.memory = cgroupfs::OomUsage{.usage = 64 * kMiB, .limit = 64 * kMiB, .failcnt = 9};
  dump.stat_of = "/docker/a";
  dump.stat = {{"anon", 60 * kMiB}, {"file", 2 * kMiB}, {"shmem", 0}};
  dump.tasks = {{.pid = 21, .rss = 5 * kMiB, .process = "helper"},
                {.pid = 20, .rss = 51 * kMiB, .swap = kMiB, .process = "hog"}};
  input.dump = std::move(dump);
  input.curve = {{kNow - seconds(10), 10 * kMiB, 9 * kMiB},
                 {kNow - seconds(1), 60 * kMiB, 59 * kMiB}};
  return input;
}

const Remedy* remedy(const OomReport& report, std::string_view what) {
  const auto at = std::ranges::find(report.remedies, what, &Remedy::what);
  return at == report.remedies.end() ? nullptr : &*at;
}

TEST(OomReport, NamesTheVictimAndTheOthersBySize) {
  const OomReport report = make_report(a_kill());
  ASSERT_TRUE(report.victim);
  EXPECT_EQ(report.victim->command_line, "/bin/hog --all");
  EXPECT_EQ(report.victim->anon, 50 * kMiB) << "as the kill's own line says";
  EXPECT_EQ(report.victim->swap, kMiB) << "as the table says";
  ASSERT_EQ(report.processes.size(), 2U);
  EXPECT_EQ(report.processes[0].pid, 20);
  EXPECT_TRUE(report.processes[0].killed);
  EXPECT_EQ(report.processes[1].command_line, "helper --x");
  EXPECT_EQ(report.stat_age, std::nullopt) << "the kernel printed it at the kill";
  EXPECT_EQ(report.bound.usage, 64 * kMiB);
}

TEST(OomReport, WithoutTheLogTheLastSampleStandsWithItsAge) {
  ReportInput input = a_kill();
  input.dump.reset();
  cgroupfs::CgroupSample sample;
  sample.set(cgroupfs::Field::kMemoryRss, 40 * kMiB);
  sample.set_read_at(cgroupfs::Tier::kHot, kNow - milliseconds(700));
  input.sample = &sample;
  const OomReport report = make_report(std::move(input));
  ASSERT_EQ(report.stat.size(), 1U);
  EXPECT_EQ(report.stat[0].first, "memory.rss");
  EXPECT_EQ(report.stat_age, milliseconds(700));
  EXPECT_EQ(report.victim->command_line, "/bin/hog --all");
  EXPECT_TRUE(report.processes.empty());
  ReportInput late = a_kill();
  late.dump.reset();
  sample.set_read_at(cgroupfs::Tier::kHot, kNow + milliseconds(1));
  late.sample = &sample;
  EXPECT_TRUE(make_report(std::move(late)).stat.empty()) << "what is left is not what was there";
}

TEST(Remedies, ALimitWithAQuarterMoreThanItNeeded) {
  const OomReport report = make_report(a_kill());
  ASSERT_NE(remedy(report, "memory.max"), nullptr);
  EXPECT_EQ(remedy(report, "memory.max")->value, 80 * kMiB);
  ASSERT_NE(remedy(report, "memory.swap.max"), nullptr) << "60 of 64 MiB were anonymous, no swap";
  EXPECT_EQ(remedy(report, "memory.swap.max")->value, 16 * kMiB);
  ASSERT_NE(remedy(report, "memory.high"), nullptr);
  EXPECT_EQ(remedy(report, "tmpfs"), nullptr);
  EXPECT_EQ(remedy(report, "oom_score_adj"), nullptr) << "the largest was killed";
}

TEST(Remedies, TheLimitOfAGroupAboveIsNamedAsSuch) {
  ReportInput input = a_kill();
  input.bound = {.cgroup = "/docker", .limit = 64 * kMiB, .is_ancestor = true};
  const OomReport report = make_report(std::move(input));
  ASSERT_NE(remedy(report, "memory.max"), nullptr);
  EXPECT_EQ(remedy(report, "memory.max")->cgroup, "/docker");
  EXPECT_NE(remedy(report, "memory.max")->why.find("above the container"), std::string::npos);
}

TEST(Remedies, FilesOnTmpfsAndTheWrongVictimAreTold) {
  ReportInput input = a_kill();
  input.dump->stat = {{"anon", 10 * kMiB}, {"shmem", 50 * kMiB}};
  input.dump->tasks[0].rss = 90 * kMiB;
  input.dump->tasks[0].oom_score_adj = -900;
  const OomReport report = make_report(std::move(input));
  ASSERT_NE(remedy(report, "tmpfs"), nullptr);
  EXPECT_EQ(remedy(report, "tmpfs")->value, 50 * kMiB);
  ASSERT_NE(remedy(report, "oom_score_adj"), nullptr);
  EXPECT_NE(remedy(report, "oom_score_adj")->why.find("helper"), std::string::npos);
}

TEST(Remedies, WhenTheHostRanOutNoLimitOfTheGroupIsBlamed) {
  ReportInput input = a_kill();
  input.bound = {};
  input.event.constraint = "CONSTRAINT_NONE";
  const OomReport report = make_report(std::move(input));
  ASSERT_EQ(report.remedies.size(), 1U);
  EXPECT_EQ(report.remedies[0].what, "limits");
}

TEST(OomReport, IsWrittenForProgramsAndForPeople) {
  const OomReport report = make_report(a_kill());
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["kind"], "oom_kill");
  EXPECT_EQ(json["report"]["victim"]["command_line"], "/bin/hog --all");
  EXPECT_EQ(json["report"]["memory_stat"]["values"]["anon"], 60 * kMiB);
  EXPECT_EQ(json["report"]["curve"][0]["seconds_before"], 10.0);
  EXPECT_EQ(json["report"]["bound_by"]["cgroup"], "/docker/a");
  EXPECT_EQ(json["report"]["would_have_helped"][0]["what"], "memory.max");
  const std::string text = to_text(report);
  EXPECT_NE(text.find("/bin/hog --all  <- killed"), std::string::npos) << text;
  EXPECT_NE(text.find("Limit: 64M of /docker/a"), std::string::npos) << text;
  EXPECT_NE(text.find("at the kill"), std::string::npos) << text;
  EXPECT_NE(text.find("memory.max 80M"), std::string::npos) << text;
}

TEST(MemoryCurve, KeepsAMinuteAndRepeatsNothing) {
  MemoryCurve curve;
  for (int i = 0; i < 200; ++i) curve.add({kNow + seconds(i), static_cast<std::uint64_t>(i), 0});
  auto points = curve.points(kNow + seconds(199));
  ASSERT_EQ(points.size(), 60U);
  EXPECT_EQ(points.front().usage, 140U);
  EXPECT_EQ(points.back().usage, 199U);
  curve.add({kNow + seconds(205), 199, 0});
  EXPECT_EQ(curve.points(kNow + seconds(205)).back().at, kNow + seconds(199)) << "it only held";
  curve.add({kNow + milliseconds(205'000), 300, 0});
  curve.add({kNow + milliseconds(205'300), 400, 0});
  points = curve.points(kNow + seconds(206));
  EXPECT_EQ(points.back().usage, 400U) << "within a second the newest counts";
  EXPECT_EQ(points[points.size() - 2].usage, 199U);
  EXPECT_EQ(curve.points(kNow + seconds(500)).size(), 1U) << "what held since";
}

TEST(ReportStore, KeepsTheLast) {
  ReportStore store(2);
  for (std::uint64_t id = 1; id <= 3; ++id) store.put(id, std::make_shared<const OomReport>());
  EXPECT_EQ(store.find(1), nullptr);
  EXPECT_NE(store.find(3), nullptr);
  EXPECT_EQ(store.find(9), nullptr);
}

}  // namespace
}  // namespace plimsoll::control
