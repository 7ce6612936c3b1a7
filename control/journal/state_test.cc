#include "control/journal/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/journal/test_changes.h"

namespace plimsoll::control {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kDone = limit::Applied::End::kDone;
constexpr auto kUndone = limit::Applied::End::kUndone;

// A state after some changes that went well.
class Story {
 public:
  Story() { state_.add(Started{moment_at(seconds(1))}); }
  Story& change(limit::Write write, Purpose purpose = Purpose::kSet, seconds lease = {},
                limit::Applied::End end = kDone) {
    Begun begun = change_of({std::move(write)}, purpose, lease);
    begun.id = state_.last_id() + 1;
    state_.add(begun);
    state_.add(Stepped{begun.id, 0, Step::kBeforeWrite, {}, ""});
    state_.add(Stepped{begun.id, 0, Step::kAfterWrite, limit::WriteState::kDone, ""});
    state_.add(Ended{begun.id, end, {}});
    return *this;
  }
  Story& add(const Record& record) {
    state_.add(record);
    return *this;
  }
  [[nodiscard]] const State& state() const { return state_; }

 private:
  State state_;
};

const Spot kA = spot_of(write_of("/a", "", ""));

TEST(JournalState, WhatWasFoundIsFromBeforeTheFirstChange) {
  const Story story =
      Story().change(write_of("/a", "max", "64")).change(write_of("/a", "64", "32"));
  const auto& found = story.state().found();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found.at(kA).found.text, "max");
  EXPECT_EQ(found.at(kA).ours, "32");
}

TEST(JournalState, AnUndoneChangeFindsNothing) {
  const Story story = Story().change(write_of("/a", "max", "64"), Purpose::kSet, {}, kUndone);
  EXPECT_THAT(story.state().found(), IsEmpty());
  EXPECT_THAT(story.state().open(), IsEmpty());
}

TEST(JournalState, WhatAChangePutsBackItselfIsNotFound) {
  Story story;
  Begun begun = change_of({write_of("/a", "max", "64", "memory.high"), write_of("/a", "max", "64"),
                           write_of("/a", "64", "max", "memory.high")},
                          Purpose::kLease, seconds(60));
  begun.id = 1;
  story.add(begun).add(Ended{1, kDone, {}});
  EXPECT_THAT(story.state().found(), SizeIs(1));
  EXPECT_THAT(story.state().leases().at(1).spots, SizeIs(1));
}

TEST(JournalState, AStuckWriteIsStillSomethingToComeBackFrom) {
  Story story;
  Begun begun = change_of({write_of("/a", "max", "64"), write_of("/b", "max", "64")});
  begun.id = 1;
  story.add(begun).add(Ended{1, limit::Applied::End::kStuck, {1}});
  EXPECT_THAT(story.state().found(), SizeIs(1));
  EXPECT_EQ(story.state().found().begin()->first.at.cgroup, "/b");
}

TEST(JournalState, RestoringForgetsWhatWasFound) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"))
                          .change(write_of("/a", "64", "max"), Purpose::kRestore);
  EXPECT_THAT(story.state().found(), IsEmpty());
}

TEST(JournalState, WhatReturnedByItselfIsForgottenToo) {
  const Story story =
      Story().change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60)).add(Returned{kA});
  EXPECT_THAT(story.state().found(), IsEmpty());
  EXPECT_THAT(story.state().leases(), IsEmpty());
}

TEST(JournalState, AnEnabledControllerIsNoLimit) {
  limit::Write enabling = write_of("/a", "", "+io", "cgroup.subtree_control");
  enabling.knob.reset();
  EXPECT_THAT(Story().change(enabling).state().found(), IsEmpty());
}

TEST(JournalState, ALeaseRemembersWhatItReplaced) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"))
                          .change(write_of("/a", "64", "32"), Purpose::kLease, seconds(600));
  ASSERT_THAT(story.state().leases(), SizeIs(1));
  const Lease& lease = story.state().leases().at(2);
  ASSERT_THAT(lease.spots, SizeIs(1));
  EXPECT_EQ(lease.spots[0].before.text, "64");
  EXPECT_EQ(story.state().found().at(kA).found.text, "max");
}

TEST(JournalState, ALeaseThatEndsBelowAnotherHandsDownItsPast) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60))
                          .change(write_of("/a", "64", "32"), Purpose::kLease, seconds(600))
                          .add(LeaseEnded{1});
  ASSERT_THAT(story.state().leases(), SizeIs(1));
  EXPECT_EQ(story.state().leases().at(2).spots[0].before.text, "max");
}

TEST(JournalState, WhatIsSetForGoodEndsItsLeases) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60))
                          .change(write_of("/a", "64", "32"));
  EXPECT_THAT(story.state().leases(), IsEmpty());
  EXPECT_EQ(story.state().found().at(kA).found.text, "max");
}

TEST(JournalState, ARepairEndsNoLease) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60))
                          .change(write_of("/a", "1", "64"), Purpose::kRepair);
  EXPECT_THAT(story.state().leases(), SizeIs(1));
}

TEST(JournalState, AGroupThatIsGoneTakesEverythingWithIt) {
  const Story story = Story()
                          .change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60))
                          .change(write_of("/b", "max", "64"))
                          .add(Forgotten{kA.at});
  EXPECT_THAT(story.state().leases(), IsEmpty());
  EXPECT_THAT(story.state().found(), SizeIs(1));
}

TEST(JournalState, AnotherBootHasOtherGroups) {
  Story story;
  story.change(write_of("/a", "max", "64"), Purpose::kLease, seconds(60));
  story.add(Started{moment_at(seconds(2))});
  EXPECT_THAT(story.state().found(), SizeIs(1));
  story.add(Started{moment_at(seconds(1), "boot-2")});
  EXPECT_THAT(story.state().found(), IsEmpty());
  EXPECT_THAT(story.state().leases(), IsEmpty());
  EXPECT_EQ(story.state().dropped_by_boot(), 2U);
  EXPECT_EQ(story.state().last_id(), 1U);
}

TEST(JournalState, AChangeOverAnOpenOneProvesThatItEnded) {
  Story story;
  Begun first = change_of({write_of("/a", "max", "64")});
  first.id = 1;
  story.add(first).change(write_of("/a", "64", "32"));
  EXPECT_THAT(story.state().open(), IsEmpty());
  EXPECT_EQ(story.state().found().at(kA).found.text, "max");
}

TEST(JournalState, ItsRecordsSayTheSame) {
  Story story;
  story.change(write_of("/a", "max", "64"))
      .change(write_of("/b", "max", "64"), Purpose::kLease, seconds(60));
  Begun open = change_of({write_of("/c", "1", "2"), write_of("/d", "1", "2")});
  open.id = 9;
  story.add(open)
      .add(Stepped{9, 0, Step::kBeforeWrite, {}, ""})
      .add(Stepped{9, 0, Step::kAfterWrite, limit::WriteState::kDone, "2"})
      .add(Stepped{9, 1, Step::kBeforeWrite, {}, ""})
      .add(Stepped{9, 0, Step::kBeforeUndo, {}, ""});
  State again;
  for (const Record& record : story.state().records()) again.add(record);
  EXPECT_TRUE(again == story.state());
}

TEST(Lease, RunsOnTheBootsClockAndNotTheCalendar) {
  const Lease lease{.id = 1, .granted = moment_at(seconds(100)), .length = seconds(60)};
  Moment later = moment_at(seconds(130));
  later.wall += std::chrono::years(10);
  EXPECT_EQ(remaining(lease, later), seconds(30));
  EXPECT_EQ(remaining(lease, moment_at(seconds(170))), seconds(-10));
  EXPECT_EQ(remaining(lease, moment_at(seconds(130), "boot-2")), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::control
