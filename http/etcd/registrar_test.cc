#include "http/etcd/registrar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "http/etcd/fake_leases.h"

namespace plimsoll::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using namespace std::chrono_literals;

// Waits long for what comes at once.
bool eventually(const std::function<bool()>& probe) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!probe()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

class RegistrarTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RegistrarOptions options;
    options.first_backoff = 1ms;
    options.longest_backoff = 5ms;
    registrar_ = std::make_unique<Registrar>(options, std::make_unique<FakeLeases>(store_),
                                             [this](Entries& entries) {
                                               const std::scoped_lock guard(mutex_);
                                               entries = wanted_;
                                             });
  }
  void want(const std::map<std::string, std::string>& entries) {
    {
      const std::scoped_lock guard(mutex_);
      wanted_.clear();
      for (const auto& [key, value] : entries)
        wanted_[key] = std::make_shared<const std::string>(value);
    }
    registrar_->news();
  }
  // Of all leases together.
  std::map<std::string, std::string> keys() {
    const std::scoped_lock guard(store_.mutex);
    std::map<std::string, std::string> all;
    for (const auto& [lease, keys] : store_.leases) all.insert(keys.begin(), keys.end());
    return all;
  }
  void set_away(bool away) {
    const std::scoped_lock guard(store_.mutex);
    store_.away = away;
  }

  FakeLeases::State store_;
  std::mutex mutex_;
  Entries wanted_;
  std::unique_ptr<Registrar> registrar_;
};

using Keys = std::map<std::string, std::string>;

TEST_F(RegistrarTest, WritesRemovesAndChanges) {
  want({{"/a", "1"}, {"/b", "2"}});
  registrar_->start();
  EXPECT_TRUE(eventually([&] { return keys() == Keys{{"/a", "1"}, {"/b", "2"}}; }));
  EXPECT_TRUE(eventually([&] { return registrar_->stats().registered; }));
  EXPECT_EQ(registrar_->stats().keys, 2U);
  EXPECT_EQ(registrar_->stats().key_bytes, 6U);
  want({{"/b", "3"}, {"/c", "4"}});
  EXPECT_TRUE(eventually([&] { return keys() == Keys{{"/b", "3"}, {"/c", "4"}}; }));
  const std::scoped_lock guard(store_.mutex);
  EXPECT_EQ(store_.leases.size(), 1U);
}

TEST_F(RegistrarTest, WritesNothingWhileNothingChanges) {
  want({{"/a", "1"}});
  registrar_->start();
  ASSERT_TRUE(eventually([&] { return registrar_->stats().registered; }));
  for (int i = 0; i < 5; ++i) {
    want({{"/a", "1"}});  // Another string of the same value.
    std::this_thread::sleep_for(5ms);
  }
  const std::scoped_lock guard(store_.mutex);
  EXPECT_EQ(store_.writes, 1U);
}

TEST_F(RegistrarTest, GivesTheLeaseBackAtTheEnd) {
  want({{"/a", "1"}});
  registrar_->start();
  ASSERT_TRUE(eventually([&] { return !keys().empty(); }));
  registrar_.reset();
  const std::scoped_lock guard(store_.mutex);
  EXPECT_TRUE(store_.leases.empty());
}

TEST_F(RegistrarTest, RegistersAgainWhatTheStoreForgot) {
  store_.ttl = 1s;  // Renewed every third of it.
  want({{"/a", "1"}, {"/b", "2"}});
  registrar_->start();
  ASSERT_TRUE(eventually([&] { return keys().size() == 2; }));
  {
    const std::scoped_lock guard(store_.mutex);
    store_.leases.clear();
  }
  EXPECT_TRUE(eventually([&] { return keys().size() == 2; }));
  EXPECT_TRUE(eventually([&] { return registrar_->stats().leases_lost == 1; }));
}

TEST_F(RegistrarTest, WaitsForAStoreThatIsAway) {
  set_away(true);
  want({{"/a", "1"}});
  registrar_->start();
  EXPECT_TRUE(eventually([&] { return registrar_->stats().errors["grant"] > 3; }));
  EXPECT_FALSE(registrar_->stats().registered);
  set_away(false);
  EXPECT_TRUE(eventually([&] { return keys() == Keys{{"/a", "1"}}; }));
  EXPECT_TRUE(eventually([&] { return registrar_->stats().registered; }));
}

TEST_F(RegistrarTest, KeepsItsLeaseThroughAShortAbsence) {
  want({{"/a", "1"}});
  registrar_->start();
  ASSERT_TRUE(eventually([&] { return registrar_->stats().registered; }));
  set_away(true);
  want({{"/a", "2"}});
  EXPECT_TRUE(eventually([&] { return registrar_->stats().errors["txn"] > 1; }));
  set_away(false);
  EXPECT_TRUE(eventually([&] { return keys() == Keys{{"/a", "2"}}; }));
  const std::scoped_lock guard(store_.mutex);
  EXPECT_EQ(store_.last, 1);
  EXPECT_EQ(registrar_->stats().leases_lost, 0U);
}

TEST_F(RegistrarTest, TakesANewLeaseWhenTheOldRanOutMeanwhile) {
  store_.ttl = 1s;
  want({{"/a", "1"}});
  registrar_->start();
  ASSERT_TRUE(eventually([&] { return registrar_->stats().registered; }));
  set_away(true);
  EXPECT_TRUE(eventually([&] { return registrar_->stats().leases_lost == 1; }));
  set_away(false);
  EXPECT_TRUE(eventually([&] { return registrar_->stats().registered; }));
  const std::scoped_lock guard(store_.mutex);
  EXPECT_EQ(store_.last, 2);
}

TEST_F(RegistrarTest, WritesManyInPortions) {
  Keys many;
  for (int i = 0; i < 350; ++i) many["/k" + std::to_string(i)] = "v";
  want(many);
  registrar_->start();
  EXPECT_TRUE(eventually([&] { return keys() == many; }));
  want({{"/k1", "v"}});
  EXPECT_TRUE(eventually([&] { return keys() == Keys{{"/k1", "v"}}; }));
  const std::scoped_lock guard(store_.mutex);
  EXPECT_LE(store_.largest, LeasedKeys::kMaxChanges);
}

TEST_F(RegistrarTest, WritesLargeValuesInPortions) {
  Keys large;
  for (int i = 0; i < 20; ++i) large["/k" + std::to_string(i)] = std::string(60'000, 'v');
  want(large);
  registrar_->start();
  EXPECT_TRUE(eventually([&] { return keys() == large; }));
  const std::scoped_lock guard(store_.mutex);
  EXPECT_LE(store_.largest, 8U);  // Half a MiB.
}

}  // namespace
}  // namespace plimsoll::etcd
