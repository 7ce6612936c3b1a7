#include <gtest/gtest.h>

#include "control/usage/usage_book.h"

namespace plimsoll::control {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

cgroupfs::Cgroup group(const std::string& path, std::uint64_t inode) {
  cgroupfs::Cgroup group;
  group.path = path;
  group.inode[0] = inode;
  return group;
}

TEST(Histogram, TellsThe95thPercentileWithinAStep) {
  for (const std::uint64_t scale : {1ULL, 1000ULL, 1ULL << 20, 1ULL << 40}) {
    Histogram seen;
    for (std::uint64_t i = 1; i <= 1000; ++i) seen.add(i * scale);
    const auto use = Histogram::use_of(seen, {});
    EXPECT_EQ(use.max, 1000 * scale);
    EXPECT_GE(use.p95, 950 * scale);
    EXPECT_LE(use.p95, 950 * scale + 950 * scale / 32 + 1);
  }
}

TEST(Histogram, KnowsTheExtremes) {
  EXPECT_EQ(Histogram::use_of({}, {}), (policy::Use{0, 0}));
  Histogram seen;
  seen.add(0);
  EXPECT_EQ(Histogram::use_of(seen, {}), (policy::Use{0, 0}));
  seen.add(UINT64_MAX);
  EXPECT_EQ(Histogram::use_of(seen, {}), (policy::Use{UINT64_MAX, UINT64_MAX}));
  Histogram few;
  for (int i = 0; i < 99; ++i) few.add(31);
  few.add(1'000'000);
  EXPECT_EQ(Histogram::use_of(few, {}), (policy::Use{31, 1'000'000}));
}

TEST(Histogram, AddsUpTwo) {
  Histogram one;
  Histogram other;
  for (int i = 0; i < 50; ++i) one.add(10);
  for (int i = 0; i < 50; ++i) other.add(20);
  EXPECT_EQ(Histogram::use_of(one, other), (policy::Use{20, 20}));
}

TEST(Histogram, TellsWhichShareWasAbove) {
  Histogram seen;
  EXPECT_EQ(seen.share_above(0), 0.0);
  for (int i = 0; i < 90; ++i) seen.add(10);
  for (int i = 0; i < 10; ++i) seen.add(1000);
  EXPECT_DOUBLE_EQ(seen.share_above(10), 0.1);
  EXPECT_DOUBLE_EQ(seen.share_above(9), 1.0);
  EXPECT_EQ(seen.share_above(1000), 0.0);
  EXPECT_GT(seen.share_above(999), 0.0);  // Of the same step, and still above.
}

TEST(UsageBook, CountsWhatWasSeenAndForHowLong) {
  UsageBook book;
  const auto a = group("/a", 7);
  MonoTime at{seconds(100)};
  std::uint64_t cpu = 0;
  for (int i = 0; i <= 100; ++i, at += seconds(1), cpu += 250'000'000)
    book.note(a, {.at = at, .memory = 1000, .cpu_ns = cpu, .pids = 3});
  const auto seen = book.observed(a);
  EXPECT_EQ(seen.span, seconds(100));
  EXPECT_EQ(seen.memory, (policy::Use{1000, 1000}));
  EXPECT_EQ(seen.nano_cpus->max, 250'000'000U);
  EXPECT_EQ(seen.pids, (policy::Use{3, 3}));
}

TEST(UsageBook, KnowsNothingOfAGroupThatWasMadeAgain) {
  UsageBook book;
  book.note(group("/a", 7), {.at = MonoTime{seconds(1)}, .memory = 1000});
  book.note(group("/a", 7), {.at = MonoTime{seconds(2)}, .memory = 1000});
  EXPECT_EQ(book.observed(group("/a", 8)), policy::Observed());
  book.note(group("/a", 8), {.at = MonoTime{seconds(3)}, .memory = 5});
  EXPECT_EQ(book.observed(group("/a", 8)).memory, (policy::Use{5, 5}));
  EXPECT_EQ(book.observed(group("/a", 7)), policy::Observed());
  book.forget("/a");
  EXPECT_EQ(book.observed(group("/a", 8)), policy::Observed());
}

TEST(UsageBook, GapsAreNoTimeAndNoCpu) {
  UsageBook book;
  const auto a = group("/a", 7);
  book.note(a, {.at = MonoTime{seconds(1)}, .memory = 1, .cpu_ns = 0});
  book.note(a, {.at = MonoTime{seconds(1) + milliseconds(100)}, .memory = 9, .cpu_ns = 5});
  book.note(a, {.at = MonoTime{seconds(1000)}, .memory = 1, .cpu_ns = 10});
  const auto seen = book.observed(a);
  EXPECT_EQ(seen.span, seconds(0));
  EXPECT_EQ(seen.memory, (policy::Use{1, 1}));
  EXPECT_EQ(seen.nano_cpus, std::nullopt);
}

TEST(UsageBook, ASampleStandsForTheSecondsSinceTheLastOne) {
  UsageBook book;
  const auto a = group("/a", 7);
  MonoTime at{seconds(100)};
  book.note(a, {.at = at, .memory = 10, .cpu_ns = 0, .pids = 1});
  // Looked at every second while it works, every eight while it rests.
  for (int i = 0; i < 10; ++i)
    book.note(a, {.at = at += seconds(1), .memory = 5000, .cpu_ns = 0, .pids = 1});
  for (int i = 0; i < 30; ++i)
    book.note(a, {.at = at += seconds(8), .memory = 10, .cpu_ns = 0, .pids = 1});
  EXPECT_EQ(book.observed(a).span, seconds(250));
  EXPECT_EQ(book.observed(a).memory, (policy::Use{10, 5000}));  // 4 % of the time.
}

TEST(UsageBook, ForgetsWhatIsTwoPartsOld) {
  UsageBook book(hours(1));
  const auto a = group("/a", 7);
  auto sample = [&, at = MonoTime{seconds(1)}](std::uint64_t memory) mutable {
    for (int i = 0; i < 3600; ++i, at += seconds(1)) book.note(a, {.at = at, .memory = memory});
  };
  sample(9000);
  sample(10);
  EXPECT_EQ(book.observed(a).memory->max, 9000U);
  EXPECT_EQ(book.observed(a).span, hours(2) - seconds(1));  // Between 7200 looks.
  sample(10);
  EXPECT_EQ(book.observed(a).memory->max, 10U);
}

}  // namespace
}  // namespace plimsoll::control
