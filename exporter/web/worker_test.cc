#include "exporter/web/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "exporter/web/body_pool.h"

namespace plimsoll::exporter {
namespace {

TEST(Worker, RunsTasksInOrderOnAThreadOfItsOwn) {
  Worker worker;
  std::vector<int> order;
  std::promise<std::thread::id> last;
  for (int i = 0; i < 3; ++i) worker.submit([&, i] { order.push_back(i); });
  worker.submit([&] { last.set_value(std::this_thread::get_id()); });
  EXPECT_NE(last.get_future().get(), std::this_thread::get_id());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(Worker, DropsWhatWaitsWhenItStops) {
  Worker worker;
  std::promise<void> begun;
  std::promise<void> go_on;
  worker.submit([&] {
    begun.set_value();
    go_on.get_future().wait();
  });
  begun.get_future().wait();
  std::atomic<bool> ran = false;
  const auto owned = std::make_shared<int>(1);
  worker.submit([&, owned] { ran = true; });
  std::thread stopper([&] { worker.stop(); });
  // The queue is dropped before the task at work is waited for.
  while (owned.use_count() > 1) std::this_thread::yield();
  go_on.set_value();
  stopper.join();
  worker.submit([&] { ran = true; });
  worker.stop();
  EXPECT_FALSE(ran);
}

TEST(BodyPool, GivesABodyAgainOnceNobodyHasIt) {
  const auto pool = std::make_shared<BodyPool>();
  auto first = pool->take();
  first->assign(10'000, 'x');
  const std::string* const where = first.get();
  const auto second = pool->take();
  EXPECT_NE(second.get(), where);
  const std::shared_ptr<const std::string> sent = std::move(first);
  EXPECT_NE(pool->take().get(), where);
}

TEST(BodyPool, KeepsTheMemory) {
  const auto pool = std::make_shared<BodyPool>();
  const std::string* where = nullptr;
  {
    const auto body = pool->take();
    body->assign(10'000, 'x');
    where = body.get();
  }
  const auto again = pool->take();
  EXPECT_EQ(again.get(), where);
  EXPECT_TRUE(again->empty());
  EXPECT_GE(again->capacity(), 10'000U);
}

TEST(BodyPool, MayGoBeforeItsBodies) {
  std::shared_ptr<std::string> body;
  {
    const auto pool = std::make_shared<BodyPool>();
    body = pool->take();
  }
  body->assign(100, 'x');
  body.reset();
}

}  // namespace
}  // namespace plimsoll::exporter
