#include "http/etcd/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>

namespace plimsoll::etcd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

std::string value(const std::string& host) {
  return R"({"targets":[{"targets":[")" + host + R"(:1"]}]})";
}

// A store with one prefix. Each watch() plays the next of `watches`, the last one waits for the
// end.
class FakeFeed final : public KeyFeed {
 public:
  Moment now{1, 10, 2};
  std::map<std::string, std::string> keys;
  std::size_t page_size = 2;
  std::deque<std::function<Result<>(std::int64_t revision, const OnNews&)>> watches;

  // What was asked, in order: "page", "watch 11".
  std::vector<std::string> asked() {
    const std::scoped_lock guard(mutex_);
    return asked_;
  }

  Result<KeyPage> page(const std::string& from, const std::string& end,
                       std::int64_t revision) override {
    note("page");
    if (away) return os_failure("connect", "fake", ECONNREFUSED);
    KeyPage page;
    page.moment = now;
    EXPECT_TRUE(revision == 0 || revision == now.revision);
    for (auto key = keys.lower_bound(from); key != keys.end() && key->first < end; ++key) {
      page.more = page.keys.size() == page_size;
      if (page.more) break;
      page.keys.push_back({key->first, key->second});
    }
    return page;
  }
  Result<> watch(const std::string& from, const std::string& end, std::int64_t revision,
                 const OnNews& on_news) override {
    EXPECT_EQ(end, end_of(from));
    note("watch " + std::to_string(revision));
    if (!watches.empty()) {
      const auto play = watches.front();
      watches.pop_front();
      return play(revision, on_news);
    }
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return cancelled_; });
    return {};
  }
  void cancel() override {
    const std::scoped_lock guard(mutex_);
    cancelled_ = true;
    ended_.notify_all();
  }

  bool away = false;

 private:
  void note(std::string what) {
    const std::scoped_lock guard(mutex_);
    asked_.push_back(std::move(what));
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  bool cancelled_ = false;
  std::vector<std::string> asked_;
};

class FollowerTest : public ::testing::Test {
 protected:
  // Until the feed was asked for `count` things.
  void follow(std::size_t count) {
    Follower follower({.prefix = "/p/", .first_backoff = 1ms, .longest_backoff = 2ms}, feed_,
                      directory_);
    std::jthread thread([&](const std::stop_token& stop) { follower.run(stop); });
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (feed_.asked().size() < count && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    thread.request_stop();
    feed_.cancel();
    thread.join();
    signs_ = follower.signs_of_life();
  }
  static KeyNews started(Moment at) { return {.moment = at, .started = true}; }

  FakeFeed feed_;
  Directory directory_;
  std::uint64_t signs_ = 0;
};

using Asked = std::vector<std::string>;

TEST_F(FollowerTest, ReadsAllPages) {
  feed_.keys = {
      {"/o", "x"}, {"/p/a", value("a")}, {"/p/b", value("b")}, {"/p/c", value("c")}, {"/p0", "x"}};
  Follower follower({.prefix = "/p/"}, feed_, directory_);
  ASSERT_TRUE(follower.read_all());
  EXPECT_EQ(feed_.asked(), (Asked{"page", "page"}));
  for (const char* host : {"a:1", "b:1", "c:1"}) EXPECT_THAT(directory_.text(), HasSubstr(host));
  EXPECT_EQ(directory_.malformed(), 0U);
}

TEST_F(FollowerTest, GoesOnWhereItStopped) {
  feed_.keys = {{"/p/a", value("a")}};
  feed_.watches.push_back([&](std::int64_t, const auto& on_news) -> Result<> {
    EXPECT_TRUE(on_news(started({1, 10, 2})));
    EXPECT_TRUE(on_news({.moment = {1, 14, 2},
                         .changes = {{"/p/b", value("b")}, {"/p/a", std::nullopt}},
                         .through = 13}));
    return os_failure("receive", "fake", ECONNRESET);
  });
  feed_.watches.push_back([&](std::int64_t, const auto& on_news) -> Result<> {
    EXPECT_TRUE(on_news(started({1, 13, 3})));
    return {};  // Silence.
  });
  follow(4);
  EXPECT_EQ(feed_.asked(), (Asked{"page", "watch 11", "watch 14", "watch 14"}));
  EXPECT_THAT(directory_.text(), HasSubstr("b:1"));
  EXPECT_THAT(directory_.text(), Not(HasSubstr("a:1")));
}

TEST_F(FollowerTest, ReadsAllAgainWhatWasCompacted) {
  feed_.watches.push_back([&](std::int64_t, const auto&) -> Result<> {
    feed_.keys = {{"/p/new", value("new")}};
    feed_.now.revision = 90;
    return failure(ErrorKind::kGone, "etcd", "compacted");
  });
  follow(4);
  EXPECT_EQ(feed_.asked(), (Asked{"page", "watch 11", "page", "watch 91"}));
  EXPECT_THAT(directory_.text(), HasSubstr("new:1"));
}

TEST_F(FollowerTest, ShowsOnceThatItLivesWhileNothingIsTold) {
  follow(2);  // One page, and a watch that hears nothing.
  EXPECT_EQ(signs_, 1U);
}

TEST_F(FollowerTest, ShowsThatItLivesWhileEtcdIsAway) {
  feed_.away = true;
  follow(3);
  EXPECT_GE(signs_, 2U);
}

TEST_F(FollowerTest, ASignComesAfterWhatWasRead) {
  feed_.keys = {{"/p/a", value("a")}};
  Follower* asked = nullptr;
  std::uint64_t before = 1;
  Directory directory([&] { before = asked->signs_of_life(); });
  Follower follower({.prefix = "/p/"}, feed_, directory);
  asked = &follower;
  std::jthread thread([&](const std::stop_token& stop) { follower.run(stop); });
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (follower.signs_of_life() == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  EXPECT_THAT(directory.text(), HasSubstr("a:1"));
  thread.request_stop();
  feed_.cancel();
  thread.join();
  EXPECT_EQ(before, 0U);
}

struct Another {
  const char* name;
  Moment moment;
};
class FollowerOfAnother : public FollowerTest, public ::testing::WithParamInterface<Another> {};

TEST_P(FollowerOfAnother, ReadsAllAgain) {
  feed_.keys = {{"/p/a", value("a")}};
  feed_.watches.push_back([&](std::int64_t, const auto& on_news) -> Result<> {
    feed_.keys.clear();
    feed_.now = GetParam().moment;
    EXPECT_FALSE(on_news(started(GetParam().moment)));
    return {};
  });
  follow(4);
  EXPECT_EQ(feed_.asked(), (Asked{"page", "watch 11", "page",
                                  "watch " + std::to_string(GetParam().moment.revision + 1)}));
  EXPECT_EQ(directory_.text(), "[]\n");
}

INSTANTIATE_TEST_SUITE_P(, FollowerOfAnother,
                         ::testing::Values(Another{"Emptied", {1, 1, 2}},
                                           Another{"OtherCluster", {7, 10, 2}},
                                           Another{"EarlierTerm", {1, 10, 1}}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_F(FollowerTest, KeepsTheListWhileTheStoreIsAway) {
  feed_.keys = {{"/p/a", value("a")}};
  feed_.watches.push_back([&](std::int64_t, const auto& on_news) -> Result<> {
    feed_.away = true;
    (void)on_news(started({7, 1, 1}));  // Another one; and then none.
    return {};
  });
  follow(5);
  EXPECT_EQ(feed_.asked()[4], "page");
  EXPECT_THAT(directory_.text(), HasSubstr("a:1"));
}

}  // namespace
}  // namespace plimsoll::etcd
