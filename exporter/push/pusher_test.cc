#include "exporter/push/pusher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <set>

#include "base/temp_tree.h"
#include "exporter/push/test_write_request.h"

namespace plimsoll::exporter {
namespace {

using namespace std::chrono_literals;

// Answers as told; without a word left, 200. What it accepted is kept.
class FakeReceiver final : public Sender {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<SendOutcome> answers;
    bool down = false;
    std::vector<std::string> accepted;
    std::uint64_t tries = 0;
  };
  explicit FakeReceiver(std::shared_ptr<State> state) : state_(std::move(state)) {}

  SendOutcome send(std::string_view body) override {
    const std::scoped_lock guard(state_->mutex);
    ++state_->tries;
    SendOutcome outcome{200, "", {}};
    if (state_->down) {
      outcome = {0, "nobody there", {}};
    } else if (!state_->answers.empty()) {
      outcome = state_->answers.front();
      state_->answers.pop_front();
    }
    if (outcome.accepted()) state_->accepted.emplace_back(body);
    state_->changed.notify_all();
    return outcome;
  }
  void cancel() override {}

 private:
  std::shared_ptr<State> state_;
};

class PusherTest : public testing::Test {
 protected:
  void start(int expositions) {
    PushOptions options;
    options.interval = 1ms;
    options.first_backoff = 100us;
    options.longest_backoff = 1ms;
    auto queue = PushQueue::open(tree_.path() + "/queue", 1 << 20);
    ASSERT_TRUE(queue) << queue.error().message();
    const auto collect = [this, expositions](const std::stop_token&) -> std::optional<Exposition> {
      if (collected_ == expositions) return std::nullopt;
      const int number = ++collected_;
      return Exposition{"n " + std::to_string(number) + "\n",
                        WallTime(std::chrono::seconds(number))};
    };
    pusher_ = std::make_unique<Pusher>(options, collect, std::make_unique<FakeReceiver>(state_),
                                       *std::move(queue));
    pusher_->start();
  }
  template <class Condition>
  bool eventually(Condition condition) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, 20s, condition);
  }
  // The values of the series `n`, as they arrived.
  std::vector<double> received() {
    const std::scoped_lock guard(state_->mutex);
    std::vector<double> values;
    for (const std::string& body : state_->accepted)
      for (const PushedSeries& series : decode_write_request(body))
        if (series.label("__name__") == "n") values.push_back(series.value);
    return values;
  }
  static std::vector<double> first(int count) {
    std::vector<double> values;
    for (int i = 1; i <= count; ++i) values.push_back(i);
    return values;
  }

  const TempTree tree_;
  std::shared_ptr<FakeReceiver::State> state_ = std::make_shared<FakeReceiver::State>();
  std::atomic<int> collected_ = 0;
  std::unique_ptr<Pusher> pusher_;
};

TEST_F(PusherTest, PushesEveryExpositionInOrder) {
  start(10);
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 10; }));
  EXPECT_EQ(received(), first(10));
}

TEST_F(PusherTest, AnOutageLosesNothing) {
  state_->down = true;
  start(40);  // Ten minutes at one push in 15 s.
  ASSERT_TRUE(eventually([this] { return collected_ == 40 && state_->tries > 5; }));
  EXPECT_EQ(received().size(), 0U);
  {
    const std::scoped_lock guard(state_->mutex);
    state_->down = false;
  }
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 40; }));
  EXPECT_EQ(received(), first(40));
  EXPECT_GT(pusher_->stats().retries, 0U);
}

TEST_F(PusherTest, AnOutageLosesNothingAcrossOurOwnRestartEither) {
  state_->down = true;
  start(5);
  ASSERT_TRUE(eventually([this] { return collected_ == 5 && state_->tries > 2; }));
  pusher_.reset();
  state_->down = false;
  start(8);
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 8; }));
  EXPECT_EQ(received(), first(8));
}

TEST_F(PusherTest, ARefusedRequestIsCountedAndDoesNotHoldUpTheNext) {
  state_->answers = {{400, "out of order", {}}};
  start(3);
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 2; }));
  EXPECT_EQ(received(), (std::vector<double>{2, 3}));
  pusher_.reset();
}

TEST_F(PusherTest, TooManyRequestsAndServerErrorsAreTriedAgain) {
  state_->answers = {{429, "slow down", 0s}, {503, "starting", {}}, {500, "oops", {}}};
  start(1);
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 1; }));
  EXPECT_EQ(received(), first(1));
  EXPECT_EQ(state_->tries, 4U);
}

TEST_F(PusherTest, StatisticsTellWhatBecameOfTheSamples) {
  state_->answers = {{400, "no", {}}, {0, "nobody", {}}};
  start(4);
  ASSERT_TRUE(eventually([this] { return state_->accepted.size() == 3; }));
  // The last answer is counted right after it was given.
  for (int i = 0; i < 2000 && pusher_->stats().sent_samples < 6; ++i)
    std::this_thread::sleep_for(1ms);
  const PushStats stats = pusher_->stats();
  EXPECT_EQ(stats.sent_samples, 6U);  // Each with its `up`.
  EXPECT_EQ(stats.refused_samples, 2U);
  EXPECT_EQ(stats.retries, 1U);
  EXPECT_EQ(stats.queued_samples, 0U);
  EXPECT_FALSE(stats.failing);
  EXPECT_TRUE(stats.last_success);
  EXPECT_EQ(stats.requests, (std::map<int, std::uint64_t>{{0, 1}, {200, 3}, {400, 1}}));
}

TEST_F(PusherTest, StopsAtOnceWhileTheReceiverIsAway) {
  state_->down = true;
  start(3);
  ASSERT_TRUE(eventually([this] { return state_->tries > 1; }));
  pusher_.reset();  // The test's timeout is the assertion.
  EXPECT_TRUE(state_->accepted.empty());
}

}  // namespace
}  // namespace plimsoll::exporter
