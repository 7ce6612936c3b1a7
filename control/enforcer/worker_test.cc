#include "control/enforcer/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace plimsoll::control {
namespace {

TEST(Worker, RunsJobsInOrderOnAThreadOfItsOwn) {
  std::vector<int> order;
  std::promise<std::thread::id> done;
  Worker worker;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(worker.submit([&order, i] { order.push_back(i); }));
  ASSERT_TRUE(worker.submit([&] { done.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Worker, NeverMakesTheCallerWait) {
  std::promise<void> release;
  std::promise<void> running;
  std::shared_future<void> released(release.get_future());
  Worker worker(2);
  ASSERT_TRUE(worker.submit([&] {
    running.set_value();
    released.wait();
  }));
  running.get_future().wait();
  ASSERT_TRUE(worker.submit([] {}));
  ASSERT_TRUE(worker.submit([] {}));
  const auto refused = worker.submit([] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kBusy);
  EXPECT_EQ(worker.waiting(), 2U);
  release.set_value();
}

TEST(Worker, StoppingEndsTheRunningJobAndDropsTheOthers) {
  bool ended = false;
  bool began = false;
  auto dropped = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = dropped;
  std::promise<void> running;
  Worker worker;
  ASSERT_TRUE(worker.submit([&] {
    running.set_value();
    // Long enough for stop() to come first; not needed for the test to hold.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ended = true;
  }));
  running.get_future().wait();
  ASSERT_TRUE(worker.submit([&began, held = std::move(dropped)] { began = *held == 0; }));
  worker.stop();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(began);
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(worker.submit([] {}));
}

}  // namespace
}  // namespace plimsoll::control
