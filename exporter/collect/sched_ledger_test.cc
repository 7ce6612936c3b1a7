#include "exporter/collect/sched_ledger.h"

#include <gtest/gtest.h>

#include <map>

namespace plimsoll::exporter {
namespace {

// Threads with made-up numbers.
class Ledger : public ::testing::Test {
 protected:
  void run(std::int32_t id, std::uint64_t run_ns) { threads_[id] = {run_ns, run_ns / 2, 1}; }
  void end(std::int32_t id) { threads_.erase(id); }
  void look(const std::string& path, const std::vector<std::int32_t>& ids) {
    ledger_.account(path, ids, reader());
  }
  [[nodiscard]] SchedLedger::Read reader() const {
    return [this](std::int32_t id) {
      const auto found = threads_.find(id);
      return found == threads_.end() ? std::nullopt : std::optional(found->second);
    };
  }
  [[nodiscard]] std::uint64_t used(const std::string& path) const {
    const auto total = ledger_.total(path);
    return total ? total->run_ns : UINT64_MAX;
  }

  std::map<std::int32_t, SchedStat> threads_;
  SchedLedger ledger_;
};

TEST_F(Ledger, SumsThreadsAndWhatIsBelow) {
  run(1, 100);
  run(2, 20);
  run(3, 3);
  look("/", {1});
  look("/a", {2});
  look("/a-b", {});
  look("/a/c", {3});
  EXPECT_EQ(used("/"), 123U);
  EXPECT_EQ(used("/a"), 23U) << "/a-b is not below /a";
  EXPECT_EQ(used("/a-b"), 0U);
  EXPECT_EQ(used("/a/c"), 3U);
  EXPECT_FALSE(ledger_.total("/b"));
}

TEST_F(Ledger, RemembersThreadsThatEnded) {
  run(1, 100);
  run(2, 20);
  look("/a", {1, 2});
  end(2);
  run(1, 150);
  look("/a", {1});
  EXPECT_EQ(used("/a"), 170U);
  EXPECT_EQ(ledger_.threads(), 1U);
}

TEST_F(Ledger, AThreadThatMovedCountsOnceAndOnlyItsGrowth) {
  run(1, 100);
  look("/", {});
  look("/a", {1});
  run(1, 130);
  look("/a", {});  // Left; its last thirty are seen where it is now.
  look("/b", {1});
  EXPECT_EQ(used("/a"), 100U);
  EXPECT_EQ(used("/b"), 30U);
  EXPECT_EQ(used("/"), 130U);
}

TEST_F(Ledger, AReusedNumberIsANewThread) {
  run(1, 100);
  look("/a", {1});
  run(1, 7);
  look("/a", {1});
  EXPECT_EQ(used("/a"), 107U);
}

TEST_F(Ledger, WhatAGoneGroupUsedStaysWithItsAncestor) {
  run(1, 100);
  run(2, 20);
  look("/", {});
  look("/a", {});
  look("/a/b", {1});
  look("/a/b/c", {2});
  ledger_.forget("/a/b/c");
  ledger_.forget("/a/b");
  EXPECT_EQ(used("/a"), 120U);
  EXPECT_EQ(used("/"), 120U);
  EXPECT_FALSE(ledger_.total("/a/b"));
  ledger_.forget("/a");
  EXPECT_EQ(used("/"), 120U);
}

TEST_F(Ledger, SweepsThreadsNobodyClaimed) {
  run(1, 100);
  look("/a", {1});
  look("/a", {});  // Moved to a group nobody looks at.
  EXPECT_EQ(ledger_.threads(), 1U);
  ledger_.sweep(reader());
  EXPECT_EQ(ledger_.threads(), 1U) << "still alive: it may turn up";
  end(1);
  ledger_.sweep(reader());
  EXPECT_EQ(ledger_.threads(), 0U);
}

}  // namespace
}  // namespace plimsoll::exporter
