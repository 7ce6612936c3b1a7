#include "runtime/docker/container_text.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/text.h"
#include "runtime/docker/path_stat.h"

namespace plimsoll::docker {
namespace {

using namespace std::chrono_literals;
using engine::State;
using engine::Status;

TEST(HumanDuration, RoundsAsDockerDoes) {
  const std::pair<std::chrono::seconds, const char*> cases[] = {
      {0s, "Less than a second"},  {1s, "1 second"},         {59s, "59 seconds"},
      {60s, "About a minute"},     {119s, "About a minute"}, {120s, "2 minutes"},
      {59min + 59s, "59 minutes"}, {60min, "About an hour"}, {89min, "About an hour"},
      {90min, "2 hours"},          {47h, "47 hours"},        {48h, "2 days"},
      {24h * 13, "13 days"},       {24h * 14, "2 weeks"},    {24h * 59, "8 weeks"},
      {24h * 60, "2 months"},      {24h * 729, "24 months"}, {24h * 730, "2 years"},
  };
  for (const auto& [duration, text] : cases) EXPECT_EQ(human_duration(duration), text);
}

TEST(StatusText, SaysWhatAContainerDoes) {
  const WallTime now = *parse_rfc3339("2026-03-01T12:00:00Z");
  State state{.started = now - 2h, .finished = now - 3min};
  EXPECT_EQ(status_text(state, now), "Created");
  state.status = Status::kRunning;
  EXPECT_EQ(status_text(state, now), "Up 2 hours");
  state.health = engine::Health{.status = "healthy"};
  EXPECT_EQ(status_text(state, now), "Up 2 hours (healthy)");
  state.health->status = "starting";
  EXPECT_EQ(status_text(state, now), "Up 2 hours (health: starting)");
  state.health->status = "none";
  EXPECT_EQ(status_text(state, now), "Up 2 hours");
  state.status = Status::kPaused;
  EXPECT_EQ(status_text(state, now), "Up 2 hours (Paused)");
  state.exit_code = 137;
  state.status = Status::kRestarting;
  EXPECT_EQ(status_text(state, now), "Restarting (137) 3 minutes ago");
  state.status = Status::kExited;
  EXPECT_EQ(status_text(state, now), "Exited (137) 3 minutes ago");
  state.status = Status::kRemoving;
  EXPECT_EQ(status_text(state, now), "Removal In Progress");
  state.status = Status::kDead;
  EXPECT_EQ(status_text(state, now), "Dead");
}

TEST(CommandText, QuotesWhatHasBlanks) {
  engine::Container container;
  container.path = "/bin/sh";
  EXPECT_EQ(command_text(container), "/bin/sh");
  container.args = {"-c", "sleep 1000"};
  EXPECT_EQ(command_text(container), "/bin/sh -c 'sleep 1000'");
}

TEST(TimeText, TheYearOneIsNever) {
  EXPECT_EQ(time_text({}), "0001-01-01T00:00:00Z");
  EXPECT_EQ(time_text(WallTime(1500ms)).substr(0, 21), "1970-01-01T00:00:01.5");
}

TEST(GoFileMode, HasItsOwnBits) {
  EXPECT_EQ(go_file_mode(0100644), 0644U);
  EXPECT_EQ(go_file_mode(0040755), 0755U | 1U << 31U);
  EXPECT_EQ(go_file_mode(0120777), 0777U | 1U << 27U);
  EXPECT_EQ(go_file_mode(0020620), 0620U | 1U << 26U | 1U << 21U);
  EXPECT_EQ(go_file_mode(0060660), 0660U | 1U << 26U);
  EXPECT_EQ(go_file_mode(0010600), 0600U | 1U << 25U);
  EXPECT_EQ(go_file_mode(0140600), 0600U | 1U << 24U);
  EXPECT_EQ(go_file_mode(0104755), 0755U | 1U << 23U);
  EXPECT_EQ(go_file_mode(0102755), 0755U | 1U << 22U);
  EXPECT_EQ(go_file_mode(0041777), 0777U | 1U << 31U | 1U << 20U);
}

TEST(PathStat, IsJsonInBase64) {
  EXPECT_EQ(path_stat_header({.name = "a", .size = 3, .mode = 0100644, .mtime = "t"}),
            to_base64(R"({"name":"a","size":3,"mode":420,"mtime":"t","linkTarget":""})"));
}

}  // namespace
}  // namespace plimsoll::docker
