#include "control/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_tree.h"
#include "control/journal/frame.h"
#include "control/journal/test_changes.h"
#include "control/store/dir_store.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kFile = "journal";

std::unique_ptr<Journal> open_journal(Store& store, seconds at = seconds(1)) {
  auto journal = Journal::open(store, moment_at(at));
  EXPECT_TRUE(journal) << journal.error().message();
  return journal ? *std::move(journal) : nullptr;
}

std::uint64_t done(Journal& journal, limit::Write write) {
  const auto id = journal.begin(change_of({std::move(write)}));
  EXPECT_TRUE(id) << id.error().message();
  const Record records[] = {Stepped{*id, 0, Step::kBeforeWrite, {}, ""},
                            Stepped{*id, 0, Step::kAfterWrite, limit::WriteState::kDone, ""},
                            Ended{*id, limit::Applied::End::kDone, {}}};
  EXPECT_TRUE(journal.note(records));
  return *id;
}

TEST(Journal, IsThereAgainAfterAKill) {
  const TempTree tree;
  {
    const auto store = DirStore::open(tree.path() + "/state");
    ASSERT_TRUE(store);
    const auto journal = open_journal(**store);
    EXPECT_TRUE(journal->opening().fresh);
    EXPECT_EQ(done(*journal, write_of("/a", "max", "64")), 1U);
    ASSERT_TRUE(journal->begin(change_of({write_of("/b", "max", "64")})));
  }
  const auto store = DirStore::open(tree.path() + "/state");
  ASSERT_TRUE(store);
  const auto journal = open_journal(**store);
  EXPECT_FALSE(journal->opening().fresh);
  EXPECT_THAT(journal->state().found(), SizeIs(1));
  ASSERT_THAT(journal->state().open(), SizeIs(1));
  EXPECT_EQ(journal->state().open().begin()->first, 2U);
}

TEST(Journal, BeginsOnlyWhatTheMediumHas) {
  FakeStore store;
  const auto journal = open_journal(store);
  int syncs = 0;
  std::string synced;
  store.before = [&](FakeStore::Call call) {
    if (call == FakeStore::Call::kSync) {
      ++syncs;
      synced = store.files[kFile];
    }
    return FakeStore::Fate{};
  };
  ASSERT_TRUE(journal->begin(change_of({write_of("/a", "max", "64")})));
  EXPECT_EQ(syncs, 1);
  EXPECT_THAT(scan_frames(synced).records, SizeIs(scan_frames(store.files[kFile]).records.size()));
}

// Truncated or with a wrong bit anywhere: it opens, says so, and knows what can be known.
TEST(Journal, OpensWhateverTheDiskMadeOfIt) {
  FakeStore whole;
  {
    const auto journal = open_journal(whole);
    done(*journal, write_of("/a", "max", "64"));
    done(*journal, write_of("/b", "max", "64"));
    ASSERT_TRUE(journal->begin(change_of({write_of("/c", "max", "64")})));
  }
  const std::string bytes = whole.files[kFile];
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FakeStore store;
    store.files[kFile] = bytes.substr(0, size);
    const auto journal = open_journal(store);
    ASSERT_NE(journal, nullptr);
    EXPECT_EQ(journal->opening().lost_bytes, 0U);
    ASSERT_TRUE(journal->begin(change_of({write_of("/d", "max", "64")})));
    EXPECT_EQ(scan_frames(store.files[kFile]).bad_bytes, 0U) << size;
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
    FakeStore store;
    store.files[kFile] = bytes;
    store.files[kFile][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto journal = open_journal(store);
    ASSERT_NE(journal, nullptr);
    const JournalOpening& opening = journal->opening();
    EXPECT_GT(opening.lost_bytes + opening.torn_bytes, 0U) << bit;
    EXPECT_EQ(opening.lost_bytes > 0, store.files.contains("journal.damaged.1")) << bit;
  }
}

TEST(Journal, KeepsACopyOfWhatItCannotRead) {
  FakeStore store;
  store.files[kFile] = "not a journal at all";
  append_frame(store.files[kFile], "\x2a");
  const std::string before = store.files[kFile];
  const auto journal = open_journal(store);
  EXPECT_EQ(journal->opening().lost_bytes, 20U);
  EXPECT_EQ(journal->opening().unknown, 1U);
  EXPECT_EQ(journal->opening().kept_as, "journal.damaged.1");
  EXPECT_EQ(store.files["journal.damaged.1"], before);
}

TEST(Journal, RefusesChangesWhileTheDiskIsFullAndGoesOnAfterwards) {
  FakeStore store;
  int os_error = ENOSPC;
  store.before = [&](FakeStore::Call) { return FakeStore::Fate{.os_error = os_error}; };
  const auto journal = open_journal(store);
  ASSERT_TRUE(journal->opening().unwritable);
  const auto refused = journal->begin(change_of({write_of("/a", "max", "64")}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().os_error, ENOSPC);
  EXPECT_THAT(journal->state().open(), IsEmpty());
  os_error = 0;
  done(*journal, write_of("/a", "max", "64"));
  EXPECT_THAT(open_journal(store)->state().found(), SizeIs(1));
}

TEST(Journal, TrustsNoFileAfterAFailedSync) {
  FakeStore store;
  const auto journal = open_journal(store);
  store.before = [](FakeStore::Call call) {
    return FakeStore::Fate{.os_error = call == FakeStore::Call::kSync ? EIO : 0};
  };
  ASSERT_FALSE(journal->begin(change_of({write_of("/a", "max", "64")})));
  int replaced = 0;
  store.before = [&](FakeStore::Call call) {
    replaced += call == FakeStore::Call::kReplace ? 1 : 0;
    return FakeStore::Fate{};
  };
  ASSERT_TRUE(journal->begin(change_of({write_of("/b", "max", "64")})));
  EXPECT_EQ(replaced, 1);
  const State again = open_journal(store)->state();
  ASSERT_THAT(again.open(), SizeIs(1));
  EXPECT_EQ(again.open().begin()->second.begun.writes[0].at.cgroup, "/b");
}

TEST(Journal, WhatHasHappenedCountsEvenIfItCouldNotBeWritten) {
  FakeStore store;
  const auto journal = open_journal(store);
  const auto id = journal->begin(change_of({write_of("/a", "max", "64")}));
  ASSERT_TRUE(id);
  store.before = [](FakeStore::Call) { return FakeStore::Fate{.os_error = ENOSPC}; };
  const Record ended = Ended{*id, limit::Applied::End::kDone, {}};
  ASSERT_FALSE(journal->settle({&ended, 1}));
  EXPECT_THAT(journal->state().found(), SizeIs(1));
  store.before = [](FakeStore::Call) { return FakeStore::Fate{}; };
  ASSERT_TRUE(journal->begin(change_of({write_of("/b", "max", "64")})));
  EXPECT_THAT(open_journal(store)->state().found(), SizeIs(1));
}

TEST(Journal, StaysSmallHoweverLongItRuns) {
  FakeStore store;
  const auto journal = open_journal(store);
  std::size_t largest = 0;
  limit::Write write = write_of("/a", "64", "64");
  write.reason = std::string(4000, 'x');
  for (int i = 0; i < 1000; ++i) {
    done(*journal, write);
    largest = std::max(largest, store.files[kFile].size());
  }
  EXPECT_LT(largest, std::size_t{2} << 20);
  EXPECT_EQ(open_journal(store)->state().last_id(), 1000U);
}

TEST(Journal, AFileThatCannotBeReadIsNotTakenForNone) {
  const TempTree tree{{"state/journal/", ""}};
  const auto store = DirStore::open(tree.path() + "/state");
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_FALSE(Journal::open(**store, moment_at(seconds(1))));
}

}  // namespace
}  // namespace plimsoll::control
