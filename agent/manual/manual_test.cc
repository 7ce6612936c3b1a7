#include <gmock/gmock.h>

#include <algorithm>

#include "agent/manual/completion.h"
#include "agent/manual/man_page.h"
#include "agent/manual/model.h"

namespace plimsoll::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Where flags put their values; nobody looks.
struct Sink {
  bool flag = false;
  std::string text;
  std::vector<std::string> many;
  OptionalValue perhaps;
};

class Manual : public ::testing::Test {
 protected:
  Manual() {
    Command set;
    set.name = "set";
    set.summary = "Change it";
    set.details = "Nothing else.\n\nExamples:\n  plimsoll lot set it's\n  .so what\n";
    set.options = {{"REF", &sink_.many, "Which", "REF"},
                   {"-q,--quiet", &sink_.flag, "Say [nothing]: really"},
                   {"--from", &sink_.text, "Where it is", "PATH"},
                   {"--why", &sink_.text, "What 'for'", "TEXT", "Reasons"},
                   {"--freeze", &sink_.perhaps, "Stand still"},
                   {"--also", &sink_.many, "More", "NAME"}};
    Command lot;
    lot.name = "lot";
    lot.summary = "A group";
    lot.options = {{"--socket", &sink_.text, "The engine's", "PATH"}};
    lot.commands = {set};
    Command plain;
    plain.name = "plain";
    plain.summary = "Nothing much";
    commands_ = {lot, plain};
  }

  [[nodiscard]] CommandText root() const { return describe(commands_); }
  [[nodiscard]] CommandText set() const { return root().commands[0].commands[0]; }
  [[nodiscard]] static const FlagText& flag(const CommandText& command, const std::string& name) {
    const auto found = std::ranges::find_if(command.flags, [&](const FlagText& one) {
      return std::ranges::find(one.names, name) != one.names.end();
    });
    EXPECT_NE(found, command.flags.end()) << name;
    return *found;
  }

  Sink sink_;
  std::vector<Command> commands_;
};

TEST_F(Manual, EveryCommandIsDescribedWithWhatItHasFromAbove) {
  std::vector<std::string> names;
  const CommandText all = root();
  for (const CommandText* command : flatten(all)) names.push_back(joined(*command, ' '));
  EXPECT_THAT(names, ElementsAre("plimsoll", "plimsoll lot", "plimsoll lot set", "plimsoll plain"));
  const CommandText one = set();
  EXPECT_EQ(flag(one, "--socket").value, "PATH");
  EXPECT_EQ(flag(one, "--help").value, "");
}

TEST_F(Manual, WhatAFlagTakes) {
  const CommandText one = set();
  EXPECT_THAT(flag(one, "--quiet").names, ElementsAre("-q", "--quiet"));
  EXPECT_EQ(flag(one, "--quiet").value, "");
  EXPECT_EQ(flag(one, "--freeze").value, "");  // With a value only after '='.
  EXPECT_EQ(kind_of(flag(one, "--from")), ValueKind::kFile);
  EXPECT_EQ(kind_of(flag(one, "--why")), ValueKind::kOther);
  EXPECT_EQ(flag(one, "--why").group, "Reasons");
  EXPECT_TRUE(flag(one, "--also").repeatable);
  EXPECT_FALSE(flag(one, "--from").repeatable);
  ASSERT_EQ(one.arguments.size(), 1U);
  EXPECT_EQ(one.arguments[0].name, "REF");
  EXPECT_TRUE(one.arguments[0].repeatable);
  EXPECT_TRUE(takes_containers(one));
}

TEST_F(Manual, APage) {
  const std::string page = man_page(set(), {"1.2", "2026-01-02"});
  EXPECT_THAT(page, HasSubstr(".TH PLIMSOLL\\-LOT\\-SET 1 2026-01-02 \"Plimsoll 1.2\""));
  EXPECT_THAT(page, HasSubstr("[\\fIREF\\fR]..."));
  EXPECT_THAT(page, HasSubstr("\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nSay [nothing]: really\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-from\\fR \\fIPATH\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".SS Reasons\n"));
  EXPECT_THAT(page, HasSubstr(".nf\nplimsoll lot set it's\n\\&.so what\n.fi\n"));
  EXPECT_THAT(page, HasSubstr("\\fBplimsoll\\-lot\\fR(1)"));
  const std::string above = man_page(root(), {"1.2", "2026-01-02"});
  EXPECT_THAT(above, AllOf(HasSubstr("\\fBplimsoll\\-plain\\fR(1)\nNothing much.\n"),
                           HasSubstr("\\fICOMMAND\\fR")));
}

TEST(Roff, NothingIsARequestOrAnEscape) {
  EXPECT_EQ(roff_text("a-b"), "a\\-b");
  EXPECT_EQ(roff_text(".SH x"), "\\&.SH x");
  EXPECT_EQ(roff_text("x\n'y"), "x\n\\&'y");
  EXPECT_EQ(roff_text("c:\\n"), "c:\\en");
}

TEST_F(Manual, EveryShellKnowsEveryFlag) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion(root(), shell);
    ASSERT_TRUE(script) << shell;
    for (const char* word :
         {"lot", "set", "plain", "quiet", "from", "why", "freeze", "also", "socket", "version"})
      EXPECT_THAT(*script, HasSubstr(word)) << shell;
    EXPECT_THAT(*script, HasSubstr("plimsoll stats --no-stream")) << shell;
  }
  EXPECT_FALSE(completion(root(), "csh"));
}

TEST_F(Manual, TextsDoNotEndWords) {
  EXPECT_EQ(quoted("it's"), "'it'\\''s'");
  const std::string zsh = zsh_completion(root());
  EXPECT_THAT(zsh, HasSubstr("'--quiet[Say \\[nothing\\]\\: really]'"));
  EXPECT_THAT(zsh, HasSubstr("'--from=[Where it is]:PATH:_files'"));
  EXPECT_THAT(zsh, HasSubstr("'*--also=[More]:NAME: '"));
  EXPECT_THAT(fish_completion(root()), HasSubstr("-l why -x -d 'What \\'for\\''"));
}

TEST_F(Manual, ACommandWithoutContainersOffersNone) {
  commands_.erase(commands_.begin());
  EXPECT_THAT(fish_completion(root()), Not(HasSubstr("stats --no-stream")));
}

}  // namespace
}  // namespace plimsoll::agent
