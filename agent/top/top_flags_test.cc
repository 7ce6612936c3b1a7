#include "agent/top/top_flags.h"

#include <gmock/gmock.h>

#include "agent/cli.h"
#include "agent/exit_code.h"
#include "agent/top/top_command.h"

namespace plimsoll::agent::top {
namespace {

using ::testing::HasSubstr;

TEST(TopFlags, MeanWhatTheySay) {
  TopFlags flags;
  flags.sort = "mem";
  flags.filters = {"web", "project=shop"};
  flags.interval = "500ms";
  flags.tree = flags.all_cgroups = true;
  const auto options = parse_top_flags(flags);
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(sort_columns()[options->model.list.sort].key, "mem");
  EXPECT_EQ(options->model.filter, "web project=shop");
  EXPECT_EQ(options->model.list.tree, Tree::kOwners);
  EXPECT_EQ(options->source.interval, std::chrono::milliseconds(500));
  EXPECT_TRUE(options->source.all_cgroups);
}

TEST(TopFlags, NameTheOptionThatIsWrong) {
  const auto wrong = [](void (*change)(TopFlags& flags)) {
    TopFlags flags;
    change(flags);
    const auto options = parse_top_flags(flags);
    return options ? std::string("accepted") : std::string(options.error().op);
  };
  EXPECT_EQ(wrong([](TopFlags& flags) { flags.sort = "x"; }), "--sort");
  EXPECT_EQ(wrong([](TopFlags& flags) { flags.filters = {"x="}; }), "--filter");
  EXPECT_EQ(wrong([](TopFlags& flags) { flags.interval = "1ms"; }), "--interval");
  EXPECT_EQ(wrong([](TopFlags& flags) { flags.colour = "red"; }), "--color");
  EXPECT_EQ(wrong([](TopFlags& flags) {
              flags.host = "x:1";
              flags.local = true;
            }),
            "--local");
}

TEST(TopCommand, WantsATerminal) {
  const std::vector<Command> commands = {top_command()};
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = run_cli(commands, {"top"});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("plimsoll top: standard output: is no terminal; 'plimsoll stats'"));
  EXPECT_EQ(code, kExitUsage);
}

}  // namespace
}  // namespace plimsoll::agent::top
