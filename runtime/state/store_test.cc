#include "runtime/state/store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <tuple>

#include "base/temp_tree.h"
#include "runtime/state/entries.h"
#include "runtime/state/seal.h"

namespace plimsoll::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StateId, FollowsTheGrammar) {
  for (const char* good : {"a", "A_b+c-d.0", ".x", "...", "-"}) EXPECT_TRUE(check_id(good)) << good;
  for (const char* bad : {"", ".", "..", "a/b", "a b", "a~", "a\n", "\xc3\xa4", "a:b"}) {
    const auto result = check_id(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalidInput);
  }
  EXPECT_TRUE(check_id(std::string(1024, 'a')));
  EXPECT_FALSE(check_id(std::string(1025, 'a')));
}

TEST(Seal, KnowsOtherBytes) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  for (const char* text : {"", "{}", "a\n#crc32c 00000000\n"}) {
    const std::string sealed = seal(text);
    ASSERT_TRUE(unseal(sealed)) << text;
    EXPECT_EQ(*unseal(sealed), text);
  }
  std::string sealed = seal("{\"pid\": 17}");
  sealed[8] = '8';
  EXPECT_EQ(unseal(sealed).error().subject, "checksum of other bytes");
  EXPECT_EQ(unseal("{\"pid\": 17}").error().subject, "no checksum");
  EXPECT_EQ(unseal(seal("x").substr(0, 8)).error().subject, "no checksum");
}

class StateStore : public ::testing::Test {
 protected:
  [[nodiscard]] Store open() const {
    auto store = Store::open(tree_.path() + "/run/state", Durability::kMachine);
    EXPECT_TRUE(store) << store.error().message();
    return *std::move(store);
  }
  TempTree tree_;
};

TEST_F(StateStore, IsMadePrivate) {
  std::ignore = open();
  struct stat facts{};
  const std::string path = tree_.path() + "/run/state";
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700U);
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  std::ignore = open();
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700U);
}

TEST_F(StateStore, OfSomebodyElseIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives a directory away";
  std::ignore = open();
  const std::string path = tree_.path() + "/run/state";
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  const auto store = Store::open(path, Durability::kProcess);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::kDenied);
}

TEST_F(StateStore, CreatesFindsListsAndRemoves) {
  const Store store = open();
  {
    const auto first = store.create("b");
    ASSERT_TRUE(first) << first.error().message();
    ASSERT_TRUE(store.create("a"));
    ASSERT_TRUE(first->write("config.json", "{}"));
    ASSERT_TRUE(first->write_sealed("record", "{\"pid\": 1}"));
    ASSERT_TRUE(first->write_sealed("record", "{\"pid\": 2}"));
    const auto again = store.create("b");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::kBusy);
    EXPECT_EQ(again.error().subject, "container with given ID already exists");
  }
  EXPECT_THAT(*store.list(), ElementsAre("a", "b"));
  const auto found = store.find("b");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->id(), "b");
  EXPECT_EQ(*found->read("config.json"), "{}");
  EXPECT_EQ(*found->read_sealed("record"), "{\"pid\": 2}");
  EXPECT_THAT(*entries_of(found->fd()), ElementsAre("config.json", "record"));
  EXPECT_EQ(found->read("nothing").error().kind, ErrorKind::kNotOffered);
  ASSERT_TRUE(found->remove());
  ASSERT_TRUE(found->remove());
  EXPECT_THAT(*store.list(), ElementsAre("a"));
  EXPECT_EQ(store.find("b").error().kind, ErrorKind::kGone);
  EXPECT_EQ(store.find("../state").error().kind, ErrorKind::kInvalidInput);
}

TEST_F(StateStore, ABrokenRecordIsNamed) {
  const Store store = open();
  const auto directory = store.create("c");
  ASSERT_TRUE(directory->write("record", "{}\n#crc32c 00000000\n"));
  const auto text = directory->read_sealed("record");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(text.error().subject, "record: checksum of other bytes");
}

TEST_F(StateStore, ALinkIsNoContainer) {
  const Store store = open();
  ASSERT_EQ(::symlinkat("/", store.root().get(), "link"), 0);
  EXPECT_FALSE(store.find("link"));
  const auto made = store.create("link");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kBusy);
}

TEST_F(StateStore, WhatADeadMakerLeftIsRemoved) {
  const Store store = open();
  ASSERT_EQ(::mkdirat(store.root().get(), "new~1", 0700), 0);
  EXPECT_THAT(*store.list(), IsEmpty());
  ASSERT_TRUE(store.create("d"));
  EXPECT_EQ(::faccessat(store.root().get(), "new~1", F_OK, 0), -1);
}

// The second waits for the lock, and finds that there is nothing any more.
TEST_F(StateStore, WhoWaitsForARemovedContainerLearnsIt) {
  const Store store = open();
  std::thread second;
  {
    const auto first = store.create("e");
    ASSERT_TRUE(first);
    second = std::thread([&store] {
      const auto late = store.find("e");

      EXPECT_TRUE(!late && late.error().kind == ErrorKind::kGone);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(first->remove());
  }
  second.join();
}

// Killed anywhere: what is there can be listed, found and removed, and a record is whole.
TEST_F(StateStore, ADeathAtAnyMomentLeavesAWholeRecord) {
  const Store store = open();
  for (int round = 0; round < 30; ++round) {
    const pid_t writer = ::fork();
    if (writer == 0) {
      for (int i = 0;; ++i) {
        auto directory = store.create("f");
        if (!directory) directory = store.find("f");
        if (!directory) continue;
        std::ignore =
            directory->write_sealed("record", std::string(1000, static_cast<char>('a' + i % 26)));
        if (i % 3 == 0) std::ignore = directory->remove();
      }
    }
    ::usleep(static_cast<useconds_t>(200 * round));
    ::kill(writer, SIGKILL);
    ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
    const auto left = store.find("f");
    if (!left) continue;
    const auto record = left->read_sealed("record");
    if (record) {
      EXPECT_EQ(*record, std::string(1000, record->front()));
    } else {
      EXPECT_EQ(record.error().kind, ErrorKind::kNotOffered) << record.error().message();
    }
    ASSERT_TRUE(left->remove());
  }
  EXPECT_TRUE(store.create("g"));
  EXPECT_THAT(*store.list(), ElementsAre("g"));
}

}  // namespace
}  // namespace plimsoll::state
