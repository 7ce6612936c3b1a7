#include "agent/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "agent/exit_code.h"

namespace plimsoll::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Seen {
  bool flag = false;
  std::string text = "default";
  std::optional<std::string> maybe;
  std::vector<std::string> many;
  std::vector<std::string> free;
  std::uint64_t number = 0;
  OptionalValue maybe_off;
  int runs = 0;
};

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class Cli : public ::testing::Test {
 protected:
  Cli() {
    Command first;
    first.name = "first";
    first.summary = "The first command";
    first.details = "Some details.";
    first.options = {{"-f,--flag", &seen_.flag, "A flag", {}},
                     {"--text", &seen_.text, "A text", "TEXT"},
                     {"--maybe", &seen_.maybe, "A text or nothing", "TEXT"},
                     {"--many", &seen_.many, "Repeatable", "TEXT"},
                     {"-n,--number", &seen_.number, "A number", "N"},
                     {"REF", &seen_.free, "Free words", {}}};
    first.run = [this] {
      ++seen_.runs;
      return 42;
    };
    Command second;
    second.name = "second";
    second.summary = "Another one";
    second.run = [] { return 0; };
    Command group;
    group.name = "group";
    group.summary = "Several in one";
    group.options = {{"--socket", &seen_.text, "Where", "PATH"}};
    Command set;
    set.name = "set";
    set.summary = "Sets";
    set.options = {{"--switch", &seen_.maybe_off, "On, or =off", {}},
                   {"--deep", &seen_.number, "A number", "N", "Depth"},
                   {"REF", &seen_.free, "Free words", {}}};
    set.run = [] { return 43; };
    Command inner;
    inner.name = "inner";
    inner.summary = "A group in a group";
    inner.commands = {set};
    group.commands = {set, second, inner};
    commands_ = {first, second, group};
  }

  Outcome run(std::vector<std::string> arguments) {
    Outcome outcome;
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    outcome.code = run_cli(commands_, std::move(arguments));
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
    return outcome;
  }

  Seen seen_;
  std::vector<Command> commands_;
};

TEST_F(Cli, WithoutACommandPrintsHelp) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_THAT(outcome.out, HasSubstr("first    The first command"));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(run({"--help"}).out, outcome.out);
  EXPECT_EQ(run({"help"}).out, outcome.out);
}

TEST_F(Cli, FillsOptionsAndRuns) {
  const Outcome outcome = run({"first", "-f", "--text=a b", "--maybe", "-x", "--many", "1", "web",
                               "--many", "2", "-n", "7", "db"});
  EXPECT_EQ(outcome.code, 42) << outcome.err;
  EXPECT_TRUE(seen_.flag);
  EXPECT_EQ(seen_.text, "a b");
  EXPECT_EQ(seen_.maybe, "-x");  // A value may look like an option.
  EXPECT_THAT(seen_.many, ElementsAre("1", "2"));
  EXPECT_THAT(seen_.free, ElementsAre("web", "db"));
  EXPECT_EQ(seen_.number, 7U);
}

TEST_F(Cli, LeavesDefaultsAlone) {
  EXPECT_EQ(run({"first"}).code, 42);
  EXPECT_EQ(seen_.text, "default");
  EXPECT_EQ(seen_.maybe, std::nullopt);
}

TEST_F(Cli, TakesTheLastOfASingleOption) {
  EXPECT_EQ(run({"first", "--text", "a", "--text", "b"}).code, 42);
  EXPECT_EQ(seen_.text, "b");
}

TEST_F(Cli, FreeWordsMayBeCommandNames) {
  EXPECT_EQ(run({"first", "second", "--", "--text"}).code, 42);
  EXPECT_THAT(seen_.free, ElementsAre("second", "--text"));
}

TEST_F(Cli, WordsAfterTheFirstBelongToSomebodyElse) {
  commands_[0].words = &seen_.free;
  EXPECT_EQ(run({"first", "-fn", "7", "--text", "a", "image", "sh", "-c", "--text", "--help"}).code,
            42);
  EXPECT_THAT(seen_.free, ElementsAre("image", "sh", "-c", "--text", "--help"));
  EXPECT_EQ(seen_.text, "a");
  EXPECT_EQ(seen_.number, 7U);
  EXPECT_TRUE(seen_.flag);
  EXPECT_EQ(run({"first", "-n7", "image"}).code, 42);
  EXPECT_THAT(seen_.free, ElementsAre("image"));
  EXPECT_EQ(run({"first", "-f"}).code, 42);
  EXPECT_THAT(seen_.free, ElementsAre());
  EXPECT_THAT(run({"first", "-f", "--help"}).out, HasSubstr("--many TEXT"));
  EXPECT_EQ(run({"first", "--nonsense", "image"}).code, kExitUsage);
}

TEST_F(Cli, CommandHelpListsOptions) {
  const Outcome outcome = run({"first", "--help"});
  EXPECT_EQ(outcome.code, kExitOk);
  for (const char* part : {"-f,--flag", "--many TEXT", "Some details.", "plimsoll first", "REF"})
    EXPECT_THAT(outcome.out, HasSubstr(part));
  EXPECT_EQ(seen_.runs, 0);
  EXPECT_EQ(run({"help", "first"}).out, outcome.out);
}

TEST_F(Cli, UsageErrorsGoToStderrAndSayWhatToDo) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"first", "--nonsense"},
                                                                     {"first", "--number", "many"},
                                                                     {"first", "--text"},
                                                                     {"second", "word"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("See 'plimsoll " + arguments[0] + " --help'."));
  }
  EXPECT_EQ(seen_.runs, 0);
}

TEST_F(Cli, CommandsOfACommand) {
  EXPECT_EQ(run({"group", "--socket", "a", "set", "set", "--deep", "3", "second"}).code, 43);
  EXPECT_EQ(seen_.text, "a");
  EXPECT_THAT(seen_.free, ElementsAre("set", "second"));
  EXPECT_EQ(seen_.number, 3U);
  EXPECT_EQ(run({"group", "--socket", "a", "inner", "--socket", "b", "set", "web"}).code, 43);
  EXPECT_EQ(seen_.text, "b");
  EXPECT_EQ(run({"group", "--socket=b", "set"}).code, 43);
  EXPECT_EQ(seen_.text, "b");
  EXPECT_EQ(run({"group", "set", "--socket", "c"}).code, 43);
  EXPECT_EQ(seen_.text, "c");
}

TEST_F(Cli, CommandsOfACommandHaveHelpAndErrorsOfTheirOwn) {
  const Outcome outcome = run({"group"});
  EXPECT_EQ(outcome.code, kExitOk);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: plimsoll group COMMAND"));
  EXPECT_THAT(outcome.out, HasSubstr("set      Sets"));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"group", "--help"}, {"group", "help"}, {"help", "group"}})
    EXPECT_EQ(run(words).out, outcome.out);
  const Outcome one = run({"group", "set", "--help"});
  for (const char* part : {"plimsoll group set", "--switch", "--socket PATH", "Depth:"})
    EXPECT_THAT(one.out, HasSubstr(part));
  EXPECT_EQ(run({"group", "help", "set"}).out, one.out);
  EXPECT_EQ(run({"group", "sett"}).err,
            "plimsoll group: 'sett' is not a command. Did you mean 'set'? See 'plimsoll group "
            "--help'.\n");
  EXPECT_EQ(run({"group", "--socket", "x"}).code, kExitUsage);
  EXPECT_THAT(run({"group", "set", "--nonsense"}).err,
              HasSubstr("See 'plimsoll group set --help'."));
}

TEST_F(Cli, AFlagMayHaveAValueBehindAnEqualsSign) {
  EXPECT_EQ(run({"group", "set", "--switch", "web"}).code, 43);
  EXPECT_TRUE(seen_.maybe_off.alone());
  EXPECT_THAT(seen_.free, ElementsAre("web"));
  EXPECT_EQ(run({"group", "set", "--switch=off"}).code, 43);
  EXPECT_EQ(seen_.maybe_off.text, "off");
  EXPECT_FALSE(OptionalValue().given());
}

TEST_F(Cli, UnknownCommandSuggestsTheNearest) {
  const Outcome typo = run({"frist"});
  EXPECT_EQ(typo.code, kExitUsage);
  EXPECT_EQ(typo.err,
            "plimsoll: 'frist' is not a command. Did you mean 'first'? See 'plimsoll --help'.\n");
  EXPECT_EQ(run({"xyz"}).err, "plimsoll: 'xyz' is not a command. See 'plimsoll --help'.\n");
}

TEST(ExitCode, FollowsTheKindOfError) {
  EXPECT_EQ(exit_code_of(ErrorKind::kDenied), 4);
  EXPECT_EQ(exit_code_of(ErrorKind::kInvalidInput), 2);
  EXPECT_EQ(exit_code_of(ErrorKind::kIo), 1);
}

}  // namespace
}  // namespace plimsoll::agent
