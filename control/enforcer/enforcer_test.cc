// Changes that would touch the same groups at the same time.
#include "control/enforcer/enforcer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "cgroupfs/limit/fake_kernel.h"
#include "cgroupfs/limit/test_views.h"
#include "control/journal/test_changes.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

// One of the kernel's writers: what it writes nobody else sees, for here only claims matter.
class Writer final : public limit::KernelPort {
 public:
  explicit Writer(const limit::KernelView& view) : kernel_(view) {}
  std::function<void()> before_write = [] {};

  Result<std::string> read(const limit::Place& place, const std::string& file) override {
    return kernel_.read(place, file);
  }
  Result<> write(const limit::Place& place, const std::string& file,
                 std::string_view text) override {
    before_write();
    return kernel_.write(place, file, text);
  }

 private:
  limit::FakeKernel kernel_;
};

class Claims : public testing::Test {
 protected:
  [[nodiscard]] limit::Plan plan(const char* limit) const {
    const limit::Wanted wanted[] = {{"/a", limit::limits_of({limit})}};
    return limit::make_plan(view_, wanted);
  }

  const limit::KernelView view_ = limit::ViewOf(2, {"/a"}).view();
  const Moment now_ = moment_at(std::chrono::seconds(1000));
  FakeStore store_;
  const std::unique_ptr<Journal> journal_ = *Journal::open(store_, now_);
  const std::unique_ptr<AuditLog> audit_ = *AuditLog::open(store_, now_.wall);
  Enforcer enforcer_{*journal_, *audit_};
  const Order order_{.now = now_};
};

TEST_F(Claims, WhoIsAloneWaitsUntilTheOtherHasDone) {
  std::promise<void> writing;
  std::promise<void> let_go;
  Writer first(view_);
  first.before_write = [&, once = false]() mutable {
    if (std::exchange(once, true)) return;
    writing.set_value();
    let_go.get_future().wait();
  };
  const std::jthread other(
      [&] { EXPECT_TRUE(enforcer_.run(plan("pids=5"), order_, first).done()); });
  writing.get_future().wait();
  Writer second(view_);
  auto outcome = std::async(std::launch::async,
                            [&] { return enforcer_.run(plan("cpu.weight=50"), order_, second); });
  // Enough to find the group taken, and not as long as it has patience.
  outcome.wait_for(std::chrono::milliseconds(50));
  let_go.set_value();
  const Outcome done = outcome.get();
  EXPECT_TRUE(done.done()) << done.error->message();
}

TEST_F(Claims, OfThoseThatGoTogetherTheLaterIsBusyAtOnce) {
  Writer port(view_);
  const limit::Plan pids = plan("pids=5");
  const limit::Plan weight = plan("cpu.weight=50");
  for (const auto if_busy : {Order::IfBusy::kAsksAgain, Order::IfBusy::kIsRefused}) {
    Order order = order_;
    order.if_busy = if_busy;
    const Change changes[] = {{&pids, &order}, {&weight, &order}};
    const auto outcomes = enforcer_.run_all(changes, port);
    ASSERT_FALSE(outcomes[1].done());
    EXPECT_EQ(outcomes[1].error->kind, ErrorKind::kBusy);
    // Only what nobody asks for again is told as a refusal.
    const bool told = if_busy == Order::IfBusy::kIsRefused;
    std::string log;
    for (const auto& [name, text] : store_.files) log += text;
    EXPECT_EQ(log.contains("another change of it is under way"), told);
    EXPECT_EQ(enforcer_.counts().refused > 0, told);
  }
}

}  // namespace
}  // namespace plimsoll::control
