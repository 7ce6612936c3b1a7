#include "exporter/push/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/temp_tree.h"
#include "exporter/push/batch_file.h"

namespace plimsoll::exporter {
namespace {

constexpr std::uint64_t kPlenty = 1 << 20;

std::unique_ptr<PushQueue> open_queue(const TempTree& tree, std::uint64_t max_bytes = kPlenty) {
  Result<std::unique_ptr<PushQueue>> queue = PushQueue::open(tree.path() + "/queue", max_bytes);
  EXPECT_TRUE(queue) << queue.error().message();
  return queue ? *std::move(queue) : nullptr;
}

Batch batch(const std::string& body, std::uint64_t samples = 1) {
  return {body, samples};
}

std::vector<std::string> drain(PushQueue& queue) {
  std::vector<std::string> bodies;
  while (const std::optional<PushQueue::Front> front = queue.front()) {
    bodies.push_back(front->batch.body);
    queue.pop(front->id);
  }
  return bodies;
}

std::size_t files(const TempTree& tree) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(tree.path() + "/queue"))
    count += entry.path().extension() == ".batch" ? 1 : 0;
  return count;
}

TEST(PushQueue, GivesBackInOrderAndLeavesNothing) {
  const TempTree tree;
  const auto queue = open_queue(tree);
  ASSERT_TRUE(queue->push(batch("one", 3)));
  ASSERT_TRUE(queue->push(batch(std::string("t\0o", 3))));
  EXPECT_EQ(queue->stats().samples, 4U);
  EXPECT_EQ(files(tree), 2U);
  EXPECT_THAT(drain(*queue), testing::ElementsAre("one", std::string("t\0o", 3)));
  EXPECT_EQ(files(tree), 0U);
  EXPECT_EQ(queue->stats().bytes, 0U);
}

TEST(PushQueue, SurvivesItsProcess) {
  const TempTree tree;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(open_queue(tree)->push(batch(std::to_string(i), 2)));
  const auto queue = open_queue(tree);
  EXPECT_EQ(queue->stats().samples, 40U);
  const std::vector<std::string> bodies = drain(*queue);
  ASSERT_EQ(bodies.size(), 20U);
  for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(bodies[i], std::to_string(i));
}

TEST(PushQueue, DropsTheOldestWhenFullAndCountsTheirSamples) {
  const TempTree tree;
  const auto queue = open_queue(tree, 3 * (kBatchHeader + 4));
  for (const char* body : {"aaaa", "bbbb", "cccc", "dddd", "eeee"})
    ASSERT_TRUE(queue->push(batch(body, 10)));
  EXPECT_EQ(queue->stats().dropped_samples, 20U);
  EXPECT_THAT(drain(*queue), testing::ElementsAre("cccc", "dddd", "eeee"));
}

TEST(PushQueue, AFrontThatWasDroppedForRoomTakesNobodyElseAlong) {
  const TempTree tree;
  const auto queue = open_queue(tree, 2 * (kBatchHeader + 1));
  ASSERT_TRUE(queue->push(batch("a")));
  const std::optional<PushQueue::Front> front = queue->front();
  ASSERT_TRUE(front);
  ASSERT_TRUE(queue->push(batch("b")));
  ASSERT_TRUE(queue->push(batch("c")));
  queue->pop(front->id);
  EXPECT_THAT(drain(*queue), testing::ElementsAre("b", "c"));
}

TEST(PushQueue, ADamagedFileIsCountedAndTheNextOneGiven) {
  const TempTree tree;
  const auto queue = open_queue(tree);
  for (const char* body : {"first", "second", "third"}) ASSERT_TRUE(queue->push(batch(body)));
  const std::string name = "queue/0000000000000001.batch";
  tree.write(name, batch_header(batch("first")) + "firsT");
  tree.write("queue/0000000000000002.batch", "PLMQ");
  EXPECT_THAT(drain(*queue), testing::ElementsAre("third"));
  EXPECT_EQ(queue->stats().damaged_batches, 2U);
}

TEST(PushQueue, WhatTheDiskDoesNotTakeWaitsInMemory) {
  const TempTree tree;
  const auto queue = open_queue(tree);
  ASSERT_TRUE(queue->push(batch("on disk")));
  // Where the file would be made stands a directory: nobody can open it for writing, not even root.
  tree.write("queue/writing.tmp/", "");
  EXPECT_FALSE(queue->push(batch("in memory")));
  tree.remove("queue/writing.tmp");
  ASSERT_TRUE(queue->push(batch("on disk again")));
  EXPECT_EQ(queue->stats().memory_batches, 1U);
  EXPECT_THAT(drain(*queue), testing::ElementsAre("on disk", "in memory", "on disk again"));
}

TEST(PushQueue, BelongsToOneProcess) {
  const TempTree tree;
  const auto queue = open_queue(tree);
  const auto second = PushQueue::open(tree.path() + "/queue", kPlenty);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_NE(second.error().message().find("--push.queue-dir"), std::string::npos);
}

TEST(PushQueue, OnlyItsOwnerMayLook) {
  const TempTree tree;
  const auto queue = open_queue(tree);
  ASSERT_TRUE(queue->push(batch("secret")));
  struct stat about{};
  ASSERT_EQ(::stat((tree.path() + "/queue").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
}

TEST(PushQueue, ADirectoryThatCannotBeMadeIsNamed) {
  const TempTree tree{{"file", ""}};
  const auto queue = PushQueue::open(tree.path() + "/file/queue", kPlenty);
  ASSERT_FALSE(queue);
  EXPECT_NE(queue.error().message().find("/file"), std::string::npos) << queue.error().message();
}

}  // namespace
}  // namespace plimsoll::exporter
