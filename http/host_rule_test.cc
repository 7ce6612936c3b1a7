#include "http/host_rule.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "http/token_bucket.h"

namespace plimsoll::http {
namespace {

const Door kLoopback{Door::Kind::kLoopback, "127.0.0.1"};

TEST(HostRule, LoopbackHasItsOwnNames) {
  const HostRule rule({});
  for (const char* own : {"localhost", "localhost:7546", "LocalHost.:80", "127.0.0.1",
                          "127.0.0.1:1", "127.8.9.1:7546", "[::1]", "[::1]:7546", "::1"})
    EXPECT_TRUE(rule.accepts(own, kLoopback)) << own;
  for (const char* other :
       {"", "evil.example", "evil.example:7546", "localhost.evil.example", "127.0.0.1.evil.example",
        "10.0.0.1:7546", "[::2]:80", "[", "[]", ":80", "0x7f.1", "2130706433"})
    EXPECT_FALSE(rule.accepts(other, kLoopback)) << other;
}

TEST(HostRule, OtherDoorsTakeEveryName) {
  const HostRule rule({"only.example"});
  EXPECT_TRUE(rule.accepts("evil.example", {Door::Kind::kOther, "10.0.0.1"}));
  EXPECT_TRUE(rule.accepts("whatever", {Door::Kind::kUnix, ""}));
}

TEST(HostRule, NamesCanBeAdded) {
  const HostRule rule({"Metrics.Example", "[fd00::1]"});
  EXPECT_TRUE(rule.accepts("metrics.example:443", kLoopback));
  EXPECT_TRUE(rule.accepts("[fd00::1]:443", kLoopback));
  EXPECT_TRUE(rule.accepts("localhost", kLoopback));
  EXPECT_FALSE(rule.accepts("other.example", kLoopback));
  EXPECT_TRUE(HostRule({"*"}).accepts("evil.example", kLoopback));
}

TEST(TokenBucket, LetsABurstThroughAndThenOnePerInterval) {
  FakeClock clock;
  TokenBucket bucket({std::chrono::milliseconds(100), 3}, clock.now());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(clock.now()));
  EXPECT_FALSE(bucket.take(clock.now()));
  clock.advance(std::chrono::milliseconds(99));
  EXPECT_FALSE(bucket.take(clock.now()));
  clock.advance(std::chrono::milliseconds(2));
  EXPECT_TRUE(bucket.take(clock.now()));
  EXPECT_FALSE(bucket.take(clock.now()));
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(clock.now()));
  EXPECT_FALSE(bucket.take(clock.now()));
}

TEST(TokenBucket, WithoutBurstNothingPasses) {
  FakeClock clock;
  TokenBucket bucket({std::chrono::milliseconds(1), 0}, clock.now());
  clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(bucket.take(clock.now()));
}

}  // namespace
}  // namespace plimsoll::http
