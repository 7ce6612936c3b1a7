#include "agent/top/model.h"

#include <gmock/gmock.h>

#include "agent/top/test_frames.h"

namespace plimsoll::agent::top {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = Effect::Kind;

class TopModel : public ::testing::Test {
 protected:
  TopModel() : model_({.list = {}, .filter = "", .host = "host1"}) {
    model_.resize({24, 80});
    have({calm_row("a", '1'), calm_row("b", '2'), full_row("c", '3')});
  }

  void have(std::vector<StatsRow> rows) { model_.take(frame_at(second_++, std::move(rows))); }
  Effect press(char32_t c) { return model_.press(letter(c)); }
  Effect press(KeyKind kind) { return model_.press(key(kind)); }
  [[nodiscard]] std::vector<std::string> shown() const {
    std::vector<std::string> out;
    for (const Line& line : model_.lines()) out.push_back(line.label);
    return out;
  }
  [[nodiscard]] std::string selected() const { return model_.lines()[model_.selected()].label; }

  Model model_;
  int second_ = 0;
};

TEST_F(TopModel, SelectionFollowsTheContainer) {
  EXPECT_EQ(selected(), "c");
  press(KeyKind::kDown);
  EXPECT_EQ(selected(), "a");
  have({calm_row("a", '1'), full_row("b", '2'), full_row("c", '3')});
  EXPECT_THAT(shown(), ElementsAre("b", "c", "a"));
  EXPECT_EQ(selected(), "a");
  // It has gone: whoever stands there now.
  have({full_row("b", '2'), full_row("c", '3')});
  EXPECT_EQ(selected(), "c");
}

TEST_F(TopModel, UntilSomebodyMovesTheFirstLineIsSelected) {
  have({full_row("a", '1'), calm_row("b", '2'), calm_row("c", '3')});
  EXPECT_EQ(selected(), "a");
}

TEST_F(TopModel, TheListScrollsWithTheSelection) {
  std::vector<StatsRow> rows;
  for (int i = 0; i < 60; ++i) {
    rows.push_back(calm_row((i < 10 ? "n0" : "n") + std::to_string(i), '1'));
    rows.back().cgroup += std::to_string(i);
  }
  have(rows);
  press(KeyKind::kEnd);
  EXPECT_EQ(selected(), "n59");
  EXPECT_EQ(model_.top_line(), 40U);
  model_.resize({10, 80});
  EXPECT_EQ(model_.top_line(), 54U);
  press(KeyKind::kPageUp);
  EXPECT_EQ(selected(), "n53");
  press(KeyKind::kHome);
  EXPECT_EQ(model_.top_line(), 0U);
  model_.resize({2, 3});  // Smaller than its frame.
  press(KeyKind::kEnd);
  EXPECT_EQ(selected(), "n59");
}

TEST_F(TopModel, SortsByTheNextColumnAndBack) {
  press(U's');
  EXPECT_THAT(shown(), ElementsAre("a", "b", "c"));
  press(U'r');
  EXPECT_THAT(shown(), ElementsAre("c", "b", "a"));
  press(U'<');
  EXPECT_EQ(model_.options().list.sort, 0U);
  EXPECT_FALSE(model_.options().list.reversed);
  press(U'<');
  EXPECT_EQ(model_.options().list.sort, sort_columns().size() - 1);
  press(U'M');
  EXPECT_THAT(shown(), ElementsAre("c", "a", "b"));
}

TEST_F(TopModel, SearchesWhileOneTypes) {
  press(U'/');
  EXPECT_TRUE(model_.typing_filter());
  press(U'b');
  EXPECT_THAT(shown(), ElementsAre("b"));
  press(U'q');  // A letter like any other.
  EXPECT_TRUE(model_.lines().empty());
  press(KeyKind::kBackspace);
  press(KeyKind::kEnter);
  EXPECT_FALSE(model_.typing_filter());
  EXPECT_EQ(model_.options().filter, "b");
  press(KeyKind::kEscape);
  EXPECT_THAT(shown(), ElementsAre("c", "a", "b"));
}

TEST_F(TopModel, AWrongSearchKeepsTheListAndSaysWhy) {
  press(U'/');
  type(model_, "x=");
  EXPECT_THAT(model_.complaint(), HasSubstr("x="));
  press(KeyKind::kEscape);
  EXPECT_EQ(model_.complaint(), "");
  EXPECT_EQ(model_.lines().size(), 3U);
}

TEST_F(TopModel, FoldsFromInside) {
  press(U't');
  EXPECT_THAT(shown(), ElementsAre("/docker", "c", "a", "b"));
  press(KeyKind::kDown);
  press(KeyKind::kLeft);
  EXPECT_THAT(shown(), ElementsAre("/docker"));
  EXPECT_EQ(selected(), "/docker");
  press(KeyKind::kEnter);  // No container, no charts.
  EXPECT_EQ(model_.view(), View::kList);
  press(KeyKind::kRight);
  EXPECT_EQ(model_.lines().size(), 4U);
}

TEST_F(TopModel, HoldsThePictureAndGoesOn) {
  press(U' ');
  have({calm_row("new", '4')});
  EXPECT_EQ(model_.lines().size(), 3U);
  EXPECT_TRUE(model_.paused());
  press(U's');  // Still to be looked at.
  EXPECT_THAT(shown(), ElementsAre("a", "b", "c"));
  press(U' ');
  EXPECT_THAT(shown(), ElementsAre("new"));
}

TEST_F(TopModel, AllCgroupsAreAskedFor) {
  const Effect on = press(U'a');
  EXPECT_EQ(on.kind, Kind::kResample);
  EXPECT_TRUE(on.all_cgroups);
  EXPECT_FALSE(press(U'a').all_cgroups);
}

TEST_F(TopModel, SaysHowLongThereWasNoSample) {
  for (int i = 0; i < 3; ++i) static_cast<void>(model_.tick());
  EXPECT_FALSE(model_.late());
  static_cast<void>(model_.tick());
  EXPECT_EQ(model_.late(), std::chrono::seconds(4));
  have({calm_row("a", '1')});
  EXPECT_FALSE(model_.late());
}

TEST_F(TopModel, QuitsFromTheListAndStepsBackElsewhere) {
  press(KeyKind::kEnter);
  EXPECT_EQ(model_.view(), View::kDetail);
  EXPECT_EQ(press(U'q').kind, Kind::kNone);
  EXPECT_EQ(model_.view(), View::kList);
  press(KeyKind::kHelp);
  EXPECT_EQ(model_.view(), View::kHelp);
  press(KeyKind::kEscape);
  EXPECT_EQ(press(U'q').kind, Kind::kQuit);
}

TEST_F(TopModel, ClicksChooseAndOpen) {
  EXPECT_EQ(model_.press({.kind = KeyKind::kClick, .line = Model::kListLine + 2}).kind,
            Kind::kNone);
  EXPECT_EQ(selected(), "b");
  static_cast<void>(model_.press({.kind = KeyKind::kClick, .line = 20}));  // Below the last.
  EXPECT_EQ(selected(), "b");
  static_cast<void>(model_.press({.kind = KeyKind::kDoubleClick, .line = Model::kListLine}));
  EXPECT_EQ(model_.view(), View::kDetail);
  EXPECT_EQ(model_.subject_name(), "c");
}

TEST_F(TopModel, LogsAreAskedForAgainAndStayAtTheEnd) {
  const Effect first = press(U'l');
  EXPECT_EQ(first.kind, Kind::kReadLogs);
  EXPECT_EQ(first.reference, hex_id('3'));
  EXPECT_EQ(model_.tick().kind, Kind::kNone);  // Not before the answer.
  std::vector<std::string> lines(100, "line");
  model_.answer({.ticket = first.ticket, .done = true, .lines = lines});
  EXPECT_EQ(model_.scroll().first, 78U);
  press(KeyKind::kPageUp);
  const Effect again = model_.tick();
  EXPECT_EQ(again.kind, Kind::kReadLogs);
  lines.emplace_back("new");
  model_.answer({.ticket = again.ticket, .done = true, .lines = lines});
  EXPECT_EQ(model_.scroll().first, 56U);  // Somebody reads there.
  press(U'q');
  EXPECT_EQ(model_.tick().kind, Kind::kNone);
}

TEST_F(TopModel, AnAnswerNobodyWaitsForIsLetFall) {
  const Effect logs = press(U'l');
  press(U'q');
  const Effect limits = press(U'e');
  model_.answer({.ticket = logs.ticket, .done = true, .lines = {"logs"}});
  EXPECT_EQ(model_.limit_stage(), LimitStage::kReading);
  model_.answer({.ticket = limits.ticket, .done = true, .lines = {"limits"}});
  EXPECT_THAT(model_.text(), ElementsAre("limits"));
}

TEST(RemoteModel, AsksNoEngineAboutOthersContainers) {
  Model model({.list = {}, .filter = "", .host = "far:7546", .remote = true});
  model.resize({24, 80});
  model.take(frame_at(0, {calm_row("web", '1')}));
  for (const char32_t c : {U'e', U'l'}) {
    EXPECT_EQ(model.press(letter(c)).kind, Kind::kNone);
    EXPECT_EQ(model.view(), View::kList);
    EXPECT_THAT(model.notice(), HasSubstr("far:7546"));
    EXPECT_EQ(model.press(key(KeyKind::kUp)).kind, Kind::kNone);
    EXPECT_EQ(model.notice(), "");
  }
  static_cast<void>(model.press(key(KeyKind::kEnter)));
  EXPECT_EQ(model.press(letter(U'e')).kind, Kind::kNone);
  EXPECT_EQ(model.view(), View::kDetail);
}

class LimitEdit : public TopModel {
 protected:
  // Up to the question.
  Effect plan(std::string_view words) {
    const Effect read = press(U'e');
    model_.answer({.ticket = read.ticket, .done = true, .lines = {"now"}});
    type(model_, words);
    return press(KeyKind::kEnter);
  }
};

TEST_F(LimitEdit, PlansAsksSetsAndShowsWhatWasReadBack) {
  const Effect planned = plan("memory=64M");
  EXPECT_EQ(planned.kind, Kind::kPlan);
  EXPECT_TRUE(planned.wishes.options.dry_run);
  EXPECT_EQ(planned.reference, hex_id('3'));
  model_.answer({.ticket = planned.ticket, .done = true, .lines = {"plan"}});
  EXPECT_EQ(model_.limit_stage(), LimitStage::kAsking);
  const Effect set = press(U'y');
  EXPECT_EQ(set.kind, Kind::kSet);
  EXPECT_FALSE(set.wishes.options.dry_run);
  ASSERT_EQ(set.wishes.asked.size(), 1U);
  EXPECT_EQ(set.wishes.asked[0].value, "64M");
  press(KeyKind::kEscape);  // The answer has to be seen.
  EXPECT_EQ(model_.limit_stage(), LimitStage::kSetting);
  model_.answer({.ticket = set.ticket, .done = true, .lines = {"read back"}});
  EXPECT_EQ(model_.limit_stage(), LimitStage::kDone);
  EXPECT_THAT(model_.text(), ElementsAre("read back"));
  press(KeyKind::kEnter);
  EXPECT_EQ(model_.view(), View::kList);
}

TEST_F(LimitEdit, NothingButYesSetsAnything) {
  const Effect planned = plan("memory=64M");
  model_.answer({.ticket = planned.ticket, .done = true, .lines = {"plan"}});
  for (const KeyKind kind : {KeyKind::kEnter, KeyKind::kUp, KeyKind::kOther, KeyKind::kClick})
    EXPECT_EQ(press(kind).kind, Kind::kNone);
  for (const char32_t c : std::u32string_view(U"Y oxjkgG1")) EXPECT_EQ(press(c).kind, Kind::kNone);
  EXPECT_EQ(model_.limit_stage(), LimitStage::kAsking);
  EXPECT_EQ(press(U'n').kind, Kind::kNone);
  EXPECT_EQ(model_.limit_stage(), LimitStage::kTyping);
  EXPECT_EQ(model_.prompt().text(), "memory=64M");  // To be corrected.
  EXPECT_THAT(model_.text(), ElementsAre("now"));
}

TEST_F(LimitEdit, WhatIsWrongIsSaidBeforeTheEngineIsAsked) {
  EXPECT_EQ(plan("memory=lots").kind, Kind::kNone);
  EXPECT_THAT(model_.complaint(), HasSubstr("lots"));
  EXPECT_EQ(model_.limit_stage(), LimitStage::kTyping);
}

TEST_F(LimitEdit, ARefusalCanBeCorrected) {
  const Effect planned = plan("memory=1k");
  model_.answer({.ticket = planned.ticket, .done = false, .lines = {"! refused"}});
  EXPECT_EQ(model_.limit_stage(), LimitStage::kFailed);
  press(KeyKind::kEnter);
  EXPECT_EQ(model_.limit_stage(), LimitStage::kTyping);
}

TEST_F(LimitEdit, WithoutAnEngineThereIsOnlyBack) {
  const Effect read = press(U'e');
  model_.answer({.ticket = read.ticket, .done = false, .lines = {"no engine answers"}});
  EXPECT_EQ(model_.limit_stage(), LimitStage::kFailed);
  press(KeyKind::kEnter);
  EXPECT_EQ(model_.view(), View::kList);
}

TEST(Reference, IsTheIdOrTheGroup) {
  EXPECT_EQ(reference_of(calm_row("web", '1')), hex_id('1'));
  EXPECT_EQ(reference_of(unit_row("nginx.service")), "cgroup:/system.slice/nginx.service");
}

TEST(Prompt, EditsInTheMiddle) {
  Prompt prompt;
  prompt.set("aé c");
  prompt.press(key(KeyKind::kLeft));
  prompt.press(key(KeyKind::kLeft));
  prompt.press(key(KeyKind::kBackspace));
  EXPECT_EQ(prompt.text(), "a c");
  prompt.press(letter(U'漢'));
  EXPECT_EQ(prompt.text(), "a漢 c");
  prompt.press(key(KeyKind::kHome));
  prompt.press(key(KeyKind::kDelete));
  EXPECT_EQ(prompt.text(), "漢 c");
  prompt.press(key(KeyKind::kEnd));
  prompt.press(letter(control('w')));
  EXPECT_EQ(prompt.text(), "漢 ");
  prompt.press(letter(control('u')));
  EXPECT_EQ(prompt.text(), "");
  EXPECT_FALSE(prompt.press(letter(control('x'))));
  for (int i = 0; i < 1000; ++i) prompt.press(letter(U'x'));
  EXPECT_EQ(prompt.text().size(), Prompt::kMost);
}

}  // namespace
}  // namespace plimsoll::agent::top
