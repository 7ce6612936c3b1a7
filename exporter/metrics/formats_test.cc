// One table of families, three formats: what each looks like, and that they say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/number.h"
#include "base/temp_tree.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/test_protobuf.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::exporter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Pages : public ::testing::Test {
 protected:
  std::string write(const Snapshot& snapshot, Format format, const TextOptions& options = {}) {
    const auto proc = open_dir(tree_.path().c_str());
    std::string out;
    writer_.write(out, format, {snapshot, self_, *proc}, options);
    return out;
  }
  TempTree tree_{{"self/stat",
                  "1 (plimsoll) S 1 1 1 0 -1 0 0 0 0 0 100 25 0 0 20 0 2 0 5000 1048576 256 1\n"}};
  SelfStats self_ = sample_self();
  PageWriter writer_;
};

// One family of one container, so that the page can be read by eye.
class OneSeries : public Pages {
 protected:
  void SetUp() override {
    SampleRow row;
    row.identity.cgroup = "/a\"b";
    row.identity.runtime = inventory::Runtime::kDocker;
    row.identity.name = "web";
    row.sample.set(cgroupfs::Field::kCpuUser, 1'500'000'000);
    row.sample.set(cgroupfs::Field::kMemoryFailcnt, 7);
    snapshot_ = make_snapshot({row});
    snapshot_->machine.reset();
    families_.assign(catalogue().size(), false);
  }
  std::string one(std::string_view name, Format format, bool created = false) {
    for (std::size_t i = 0; i < families_.size(); ++i) families_[i] = catalogue()[i].name == name;
    return write(*snapshot_, format, {.families = &families_, .created = created});
  }
  std::shared_ptr<Snapshot> snapshot_;
  FamilySet families_;
};

TEST_F(OneSeries, InText) {
  EXPECT_EQ(one("container_cpu_user_seconds_total", Format::kText),
            "# HELP container_cpu_user_seconds_total CPU time used in user mode.\n"
            "# TYPE container_cpu_user_seconds_total counter\n"
            "container_cpu_user_seconds_total{id=\"/a\\\"b\",name=\"web\"} 1.5\n");
}

TEST_F(OneSeries, InOpenMetrics) {
  EXPECT_EQ(one("container_cpu_user_seconds_total", Format::kOpenMetrics, true),
            "# HELP container_cpu_user_seconds CPU time used in user mode.\n"
            "# TYPE container_cpu_user_seconds counter\n"
            "# UNIT container_cpu_user_seconds seconds\n"
            "container_cpu_user_seconds_total{id=\"/a\\\"b\",name=\"web\"} 1.5\n"
            "container_cpu_user_seconds_created{id=\"/a\\\"b\",name=\"web\"} 1699995000.25\n"
            "# EOF\n");
}

TEST_F(OneSeries, ACounterWithoutTotalKeepsItsNameAndLosesItsType) {
  EXPECT_EQ(one("container_memory_failcnt", Format::kOpenMetrics, true),
            "# HELP container_memory_failcnt Times that memory use met the limit.\n"
            "# TYPE container_memory_failcnt unknown\n"
            "container_memory_failcnt{id=\"/a\\\"b\",name=\"web\"} 7\n"
            "# EOF\n");
  EXPECT_THAT(one("container_memory_failcnt", Format::kText), HasSubstr(" counter\n"));
}

TEST_F(OneSeries, InProtobuf) {
  using namespace std::string_literals;
  const std::string metric =
      "\x0a\x0a\x0a\x02id\x12\x04/a\"b"     // label {name: "id", value: "/a\"b"}
      "\x0a\x0b\x0a\x04name\x12\x03web"     // label
      "\x1a\x09\x09\0\0\0\0\0\0\xf8\x3f"s;  // counter {value: 1.5}
  const std::string family =
      "\x0a\x20"
      "container_cpu_user_seconds_total"  // name
      "\x12\x1b"
      "CPU time used in user mode."  // help
      "\x18\0"                       // type: COUNTER
      "\x2a\x07seconds"              // unit
      "\x22\x24"s +
      metric;
  ASSERT_LT(family.size(), 128U);
  const std::string length = static_cast<char>(family.size() | 0x80U) + "\x80\x80\x80\0"s;
  EXPECT_EQ(one("container_cpu_user_seconds_total", Format::kProtobuf), length + family);
}

TEST_F(OneSeries, APageWithoutSeriesIsStillAPage) {
  const Snapshot nothing;
  families_.assign(families_.size(), false);
  EXPECT_EQ(write(nothing, Format::kOpenMetrics, {.families = &families_}), "# EOF\n");
  EXPECT_EQ(write(nothing, Format::kProtobuf, {.families = &families_}), "");
}

TEST(FamilyTimes, AreMillisecondsInTextAndSecondsInOpenMetrics) {
  constexpr FamilyInfo kInfo{"x", FamilyType::kGauge, "", Group::kAlways, "", "X.", "", "", ""};
  const auto at = [&](Format format) {
    std::string out;
    Page page{.out = out, .format = format};
    {
      FamilyWriter writer(page, kInfo);
      writer.set_time(WallTime(std::chrono::milliseconds(1'700'000'000'250)));
      writer.count("", 1);
      writer.set_time(std::nullopt);
      writer.count("a=\"b\"", 2);
    }
    return out;
  };
  EXPECT_THAT(at(Format::kText), HasSubstr("\nx 1 1700000000250\nx{a=\"b\"} 2\n"));
  EXPECT_THAT(at(Format::kOpenMetrics), HasSubstr("\nx 1 1700000000.25\nx{a=\"b\"} 2\n"));
  EXPECT_EQ(parse_protobuf(at(Format::kProtobuf)).errors, std::vector<std::string>());
}

// Values as numbers, bounds of buckets as numbers.
std::map<std::pair<std::string, std::map<std::string, std::string>>, double> numbers(
    const Exposition& page) {
  std::map<std::pair<std::string, std::map<std::string, std::string>>, double> all;
  for (const auto& [name, family] : page.families)
    for (const ParsedSample& sample : family.samples) {
      auto labels = sample.labels;
      if (const auto le = labels.find("le"); le != labels.end() && le->second != "+Inf")
        le->second = std::to_string(to_double(le->second).value());
      all[{sample.name, labels}] = to_double(sample.value).value_or(NAN);
    }
  return all;
}

TEST_F(Pages, SayTheSameInTextAndProtobuf) {
  for (const int version : {1, 2}) {
    const auto snapshot = busy_host(4, version);
    snapshot->tombstones.push_back(
        {snapshot->rows[1].identity, std::make_shared<const std::string>("id=\"/gone\""), 17});
    const auto histograms = sample_histograms(*snapshot);
    TextOptions options{.groups = cgroupfs::GroupSet::all(), .now = snapshot->taken};
    options.histograms = histograms.get();
    const Exposition text = parse_exposition(write(*snapshot, Format::kText, options));
    const Exposition binary = parse_protobuf(write(*snapshot, Format::kProtobuf, options));
    EXPECT_EQ(text.errors, std::vector<std::string>());
    EXPECT_EQ(binary.errors, std::vector<std::string>());
    EXPECT_GT(text.families.size(), 100U);
    EXPECT_EQ(numbers(text), numbers(binary));
    for (const auto& [name, family] : text.families) {
      EXPECT_EQ(binary.families.at(name).help, family.help);
      EXPECT_EQ(binary.families.at(name).type, family.type);
    }
  }
}

std::set<std::string> ids(const Exposition& page, const std::string& family) {
  std::set<std::string> found;
  const auto it = page.families.find(family);
  if (it == page.families.end()) return found;
  for (const ParsedSample& sample : it->second.samples)
    if (const auto id = sample.labels.find("id"); id != sample.labels.end())
      found.insert(id->second);
  return found;
}

std::size_t lines(const Exposition& page) {
  std::size_t count = 0;
  for (const auto& [name, family] : page.families) count += family.samples.size();
  return count;
}

TEST_F(Pages, WithALimitHaveContainersWholeOrNotAtAll) {
  const auto snapshot = busy_host(10, 2);
  const Exposition all = parse_exposition(write(*snapshot, Format::kText));
  const std::size_t limit = lines(all) - lines(all) / 4;
  for (const Format format : {Format::kText, Format::kProtobuf}) {
    const std::string bytes = write(*snapshot, format, {.max_series = limit});
    const Exposition page =
        format == Format::kText ? parse_exposition(bytes) : parse_protobuf(bytes);
    EXPECT_EQ(page.errors, std::vector<std::string>());
    EXPECT_LE(lines(page), limit);
    EXPECT_GT(lines(page), limit / 2);
    const std::set<std::string> shown = ids(page, "container_last_seen");
    EXPECT_TRUE(shown.contains("/"));
    EXPECT_LT(shown.size(), 11U);
    for (const auto& [name, family] : all.families) {
      std::set<std::string> expected;
      if (!name.starts_with("container_")) continue;
      for (const std::string& id : ids(all, name))
        if (shown.contains(id)) expected.insert(id);
      EXPECT_EQ(ids(page, name), expected) << name;
    }
    EXPECT_EQ(to_double(page.value("plimsoll_cgroups_dropped").value()), 11 - shown.size());
    EXPECT_GT(to_double(page.value("plimsoll_series_dropped_total").value()), 100);
  }
  EXPECT_EQ(parse_exposition(write(*snapshot, Format::kText, {.max_series = lines(all)}))
                .value("plimsoll_cgroups_dropped"),
            "0");
}

TEST_F(Pages, WithALimitKeepTheOldestContainers) {
  const auto snapshot = busy_host(3, 2);
  snapshot->rows[1].serial = 900;  // The youngest of the three.
  const std::size_t all = lines(parse_exposition(write(*snapshot, Format::kText)));
  const Exposition page =
      parse_exposition(write(*snapshot, Format::kText, {.max_series = all - 1}));
  const std::set<std::string> shown = ids(page, "container_last_seen");
  EXPECT_EQ(shown.size(), 3U);
  EXPECT_FALSE(shown.contains(snapshot->rows[1].identity->cgroup));
}

TEST_F(Pages, WithATinyLimitAreTiny) {
  const auto snapshot = busy_host(3, 2);
  const Exposition page = parse_exposition(write(*snapshot, Format::kText, {.max_series = 10}));
  EXPECT_EQ(page.errors, std::vector<std::string>());
  EXPECT_LE(lines(page), 10U);
  EXPECT_TRUE(ids(page, "container_last_seen").empty());
}

TEST_F(Pages, OfChosenRowsHaveThemOnly) {
  const auto snapshot = busy_host(3, 2);
  const std::vector<std::size_t> rows{2};
  const Exposition page = parse_exposition(write(*snapshot, Format::kText, {.rows = &rows}));
  EXPECT_EQ(ids(page, "container_last_seen"),
            std::set<std::string>{snapshot->rows[2].identity->cgroup});
  EXPECT_EQ(page.value("plimsoll_cgroups_dropped"), "0");
}

TEST(RowIndex, FindsRowsInAnyOrder) {
  const auto snapshot = busy_host(50, 2);
  snapshot->rows[7].labels.reset();
  RowIndex index;
  index.start(*snapshot);
  const auto find = [&](std::size_t row) { return index.find(*snapshot->rows[row].labels); };
  for (std::size_t row = 0; row < 51; ++row)
    if (row != 7) {
      EXPECT_EQ(find(row), row);
    }
  for (const std::size_t row : {50U, 0U, 0U, 30U, 8U, 6U, 49U, 1U}) EXPECT_EQ(find(row), row);
  EXPECT_EQ(index.find(""), std::nullopt);
  EXPECT_EQ(index.find(std::string_view()), std::nullopt);
  EXPECT_EQ(index.find(std::string("id=\"/\"")), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::exporter
