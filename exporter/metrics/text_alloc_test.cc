// A scrape in steady state allocates nothing.
#include <gtest/gtest.h>

#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/test_count_new.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

TEST(TextAllocations, NoneOnceTheBufferHasItsSize) {
  const auto proc = open_dir("/proc");
  ASSERT_TRUE(proc);
  const SelfStats self = sample_self();
  for (const int version : {1, 2}) {
    const auto snapshot = busy_host(50, version);
    for (std::size_t i = 0; i < 5; ++i)
      snapshot->tombstones.push_back({snapshot->rows[i].identity, snapshot->rows[i].labels, 1});
    const TextOptions options{.groups = cgroupfs::GroupSet::all(), .now = snapshot->taken};
    std::string out;
    write_text(out, *snapshot, self, *proc, options);
    const std::size_t size = out.size();
    ASSERT_GT(size, 100'000U);

    out.clear();
    const std::uint64_t before = count_of_new();
    write_text(out, *snapshot, self, *proc, options);
    EXPECT_EQ(count_of_new() - before, 0U);
    EXPECT_NEAR(static_cast<double>(out.size()), static_cast<double>(size), 64);
  }
}

TEST(PageAllocations, NoneInAnyFormatOnceTheBuffersHaveTheirSize) {
  const auto proc = open_dir("/proc");
  ASSERT_TRUE(proc);
  const SelfStats self = sample_self();
  const auto snapshot = busy_host(50, 2);
  const auto histograms = sample_histograms(*snapshot);
  for (const Format format : {Format::kText, Format::kOpenMetrics, Format::kProtobuf}) {
    for (const std::uint64_t max_series : {0U, 3000U}) {
      TextOptions options{.groups = cgroupfs::GroupSet::all(), .now = snapshot->taken};
      options.max_series = max_series;
      options.histograms = histograms.get();
      options.created = max_series > 0;
      PageWriter writer;
      std::string out;
      writer.write(out, format, {*snapshot, self, *proc}, options);
      out.clear();
      const std::uint64_t before = count_of_new();
      writer.write(out, format, {*snapshot, self, *proc}, options);
      EXPECT_EQ(count_of_new() - before, 0U) << name_of(format) << " " << max_series;
      EXPECT_GT(out.size(), 10'000U);
    }
  }
}

TEST(TextAllocations, AreCountedAtAll) {
  const std::uint64_t before = count_of_new();
  ::operator delete(::operator new(1));
  EXPECT_EQ(count_of_new() - before, 1U);
}

}  // namespace
}  // namespace plimsoll::exporter
