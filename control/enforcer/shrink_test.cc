#include "control/enforcer/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/fake_clock.h"
#include "base/number.h"
#include "cgroupfs/limit/test_views.h"
#include "control/journal/test_changes.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// The memory controller for one group, as far as shrinking goes; the kernel's manners included:
// v2 kills, v1 says EBUSY.
class FakeMemory final : public limit::KernelPort {
 public:
  explicit FakeMemory(int version, FakeClock& clock) : version_(version), clock_(clock) {
    files =
        version == 2
            ? std::map<std::string, std::string>{{"memory.max", "max"},
                                                 {"memory.high", "max"},
                                                 {"memory.swap.max", "0"},
                                                 {"memory.reclaim", ""}}
            : std::map<std::string, std::string>{{"memory.limit_in_bytes", "9223372036854771712"}};
  }

  std::map<std::string, std::string> files;
  std::uint64_t anon = 0;
  std::uint64_t cache = 0;
  std::uint64_t growth = 0;   // Of the cache, per write.
  std::uint64_t largest = 0;  // That one write had to reclaim.
  int kills = 0;
  std::vector<std::string> log;

  Result<std::string> read(const limit::Place&, const std::string& file) override {
    const std::uint64_t usage = anon + cache;
    if (file == "memory.current" || file == "memory.usage_in_bytes") return std::to_string(usage);
    if (file == "memory.stat" && version_ == 2)
      return "anon " + std::to_string(anon) + "\nfile " + std::to_string(cache) + "\nkernel 0";
    if (file == "memory.stat")
      return "cache " + std::to_string(cache) + "\nrss 1\ntotal_rss " + std::to_string(anon);
    const auto found = files.find(file);
    if (found == files.end()) return os_failure("open", file, ENOENT);
    return found->second;
  }
  Result<> write(const limit::Place&, const std::string& file, std::string_view text) override {
    clock_.advance(std::chrono::milliseconds(3));
    cache += growth;
    if (!files.contains(file)) return os_failure("open", file, ENOENT);
    const auto number = to_number<std::uint64_t>(text);
    if (file == "memory.reclaim") return take(*number) ? Result<>() : refuse(EAGAIN);
    if (number && anon + cache > *number) {
      const bool fits = take(anon + cache - *number);
      if (!fits && version_ == 1) return refuse(EBUSY);
      if (!fits && file == "memory.max") ++kills;
    }
    files[file] = text;
    log.push_back(file + " " + std::string(text));
    return {};
  }

 private:
  bool take(std::uint64_t bytes) {
    const std::uint64_t taken = std::min(bytes, cache);
    largest = std::max(largest, taken);
    cache -= taken;
    return taken == bytes;
  }
  static Result<> refuse(int os_error) { return os_failure("write", "memory", os_error); }

  int version_;
  FakeClock& clock_;
};

class Shrinking : public testing::Test {
 protected:
  // Through the whole enforcer, guards and all.
  Outcome shrink(FakeMemory& memory, int version, std::uint64_t to, ShrinkOptions options = {}) {
    options.pause = std::chrono::milliseconds(0);
    const std::string file = version == 2 ? "memory.max" : "memory.limit_in_bytes";
    limit::ViewOf host(version, {"/a"});
    host.set("/a", file, memory.files.at(file));
    if (version == 2) host.set("/a", "memory.high", memory.files.at("memory.high"));
    limit::Plan plan;
    plan.writes = {write_of("/a", memory.files.at(file), std::to_string(to), file)};
    plan = with_guards(std::move(plan), host.view());
    return enforcer_.run(
        plan, {.now = moment_at(std::chrono::seconds(1)), .gate = shrink_gate(clock_, options)},
        memory);
  }

  FakeClock clock_;
  FakeStore store_;
  std::unique_ptr<Journal> journal_ = *Journal::open(store_, moment_at(std::chrono::seconds(1)));
  std::unique_ptr<AuditLog> audit_ = *AuditLog::open(store_, clock_.wall());
  Enforcer enforcer_{*journal_, *audit_};
};

TEST_F(Shrinking, ReclaimsInSlicesAndKillsNobody) {
  FakeMemory memory(2, clock_);
  memory.anon = 90 * kMiB;
  memory.cache = 400 * kMiB;
  const Outcome outcome = shrink(memory, 2, 100 * kMiB);
  ASSERT_TRUE(outcome.done()) << outcome.error->message();
  EXPECT_EQ(memory.kills, 0);
  EXPECT_LE(memory.largest, 16 * kMiB);
  EXPECT_THAT(memory.log,
              ElementsAre("memory.high 104857600", "memory.max 104857600", "memory.high max"));
  EXPECT_EQ(journal_->state().found().size(), 1U);
}

TEST_F(Shrinking, GoesOnWhileTheGroupGrows) {
  FakeMemory memory(2, clock_);
  memory.anon = 50 * kMiB;
  memory.cache = 200 * kMiB;
  memory.growth = kMiB / 2;
  const Outcome outcome = shrink(memory, 2, 100 * kMiB);
  ASSERT_TRUE(outcome.done()) << outcome.error->message();
  EXPECT_EQ(memory.kills, 0);
}

TEST_F(Shrinking, RefusesBelowTheFloorAndNamesIt) {
  for (const int version : {1, 2}) {
    FakeMemory memory(version, clock_);
    memory.anon = 100 * kMiB;
    memory.cache = 100 * kMiB;
    const auto before = memory.files;
    const Outcome outcome = shrink(memory, version, 104 * kMiB);
    ASSERT_FALSE(outcome.done());
    EXPECT_EQ(outcome.error->kind, ErrorKind::kRejected);
    EXPECT_THAT(outcome.error->message(), HasSubstr("the least that is safe is 105 MiB"));
    EXPECT_EQ(memory.files, before);
    EXPECT_EQ(memory.cache, 100 * kMiB);
    EXPECT_TRUE(shrink(memory, version, 105 * kMiB).done());
    EXPECT_EQ(memory.kills, 0);
  }
}

TEST_F(Shrinking, GoesBelowTheFloorWhenTold) {
  FakeMemory memory(2, clock_);
  memory.anon = 100 * kMiB;
  const Outcome outcome =
      shrink(memory, 2, 50 * kMiB, {.below_floor = ShrinkOptions::BelowFloor::kForce});
  EXPECT_TRUE(outcome.done());
  EXPECT_EQ(memory.kills, 1);
}

TEST_F(Shrinking, GivesUpAtTheDeadlineWithEverythingAsItWas) {
  for (const int version : {1, 2}) {
    FakeMemory memory(version, clock_);
    memory.anon = 10 * kMiB;
    memory.cache = 4000 * kMiB;
    memory.growth = 16 * kMiB;  // As fast as it is reclaimed.
    const auto before = memory.files;
    const Outcome outcome =
        shrink(memory, version, 100 * kMiB, {.deadline = std::chrono::milliseconds(100)});
    ASSERT_FALSE(outcome.done());
    EXPECT_EQ(outcome.error->kind, ErrorKind::kBusy);
    EXPECT_THAT(outcome.error->message(), HasSubstr("still"));
    EXPECT_EQ(memory.files, before) << version;
  }
}

TEST_F(Shrinking, OnVersion1LowersTheLimitStepByStep) {
  FakeMemory memory(1, clock_);
  memory.anon = 90 * kMiB;
  memory.cache = 100 * kMiB;
  const Outcome outcome = shrink(memory, 1, 100 * kMiB);
  ASSERT_TRUE(outcome.done()) << outcome.error->message();
  EXPECT_LE(memory.largest, 16 * kMiB);
  EXPECT_EQ(memory.files.at("memory.limit_in_bytes"), "104857600");
}

TEST_F(Shrinking, WithoutMemoryReclaimTheGuardDoesIt) {
  FakeMemory memory(2, clock_);
  memory.anon = 50 * kMiB;
  memory.cache = 100 * kMiB;
  memory.files.erase("memory.reclaim");
  const Outcome outcome = shrink(memory, 2, 100 * kMiB);
  ASSERT_TRUE(outcome.done()) << outcome.error->message();
  EXPECT_EQ(memory.kills, 0);
  EXPECT_EQ(memory.files.at("memory.high"), "max");
}

TEST(Floor, CountsWhatSwapCannotTake) {
  const char* stat = "anon 1000\nshmem 100\nkernel 50\nslab_reclaimable 20\nsock 5\n";
  EXPECT_EQ(unreclaimable_v2(stat, 0).value_or(0), 1135U);
  EXPECT_EQ(unreclaimable_v2(stat, 400).value_or(0), 735U);
  EXPECT_EQ(unreclaimable_v2("anon 10\nunevictable 900\n", 400).value_or(0), 900U);
  EXPECT_EQ(unreclaimable_v2("anon 1\nkernel_stack 2\npagetables 4\npercpu 8\n"
                             "slab_unreclaimable 16\n",
                             0)
                .value_or(0),
            31U);
  EXPECT_EQ(unreclaimable_v1("cache 9\ntotal_rss 100\ntotal_shmem 10\n", 7, 0).value_or(0), 117U);
  EXPECT_EQ(safe_floor({.usage = 0, .unreclaimable = 1}), 4096U);
}

TEST(Floor, IsNotReckonedFromRubbish) {
  EXPECT_FALSE(unreclaimable_v2("anon many\n", 0));
}

TEST(Guards, AreOnlyWhereTheyAreNeeded) {
  const auto writes = [](const limit::Plan& plan) { return plan.writes.size(); };
  limit::ViewOf host(2, {"/a"});
  limit::Plan lower;
  lower.writes = {write_of("/a", "max", "67108864")};
  EXPECT_EQ(writes(with_guards(lower, host.view())), 3U);
  limit::Plan higher;
  higher.writes = {write_of("/a", "67108864", "max")};
  EXPECT_EQ(writes(with_guards(higher, host.view())), 1U);
  limit::Plan both = lower;
  both.writes.push_back(write_of("/a", "max", "60000000", "memory.high"));
  EXPECT_EQ(writes(with_guards(both, host.view())), 2U);
  host.set("/a", "memory.high", "1048576");
  EXPECT_EQ(writes(with_guards(lower, host.view())), 1U);
}

}  // namespace
}  // namespace plimsoll::control
