// Recorded hosts (tests/fixtures, made by script/record-tree), read end to end: mount table,
// layout, reader, sample. Each folder with a file "expect" is a case: for every group the whole
// sample as text, every field that has a value and no other.
//
// To add one: record it, run this test, compare the text that it prints with the recorded files by
// hand, and put it into the folder as "expect".
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/read_file.h"
#include "cgroupfs/read/reader_fixture.h"

namespace plimsoll::cgroupfs {
namespace {

namespace fs = std::filesystem;
using Number = std::optional<std::uint64_t>;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class Line {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}
  Line& add(const char* name, const Number& number) {
    if (number) text_ += std::string(" ") + name + "=" + std::to_string(*number);
    return *this;
  }
  Line& add(const char* name, const std::optional<Limit<std::uint64_t>>& limit) {
    if (!limit) return *this;
    text_ +=
        std::string(" ") + name + "=" + (limit->is_none() ? "max" : std::to_string(limit->value()));
    return *this;
  }
  [[nodiscard]] std::string str() const { return text_ + "\n"; }

 private:
  std::string text_;
};

std::string printed(const DeviceIo& d) {
  return Line("device " + std::to_string(d.major) + ":" + std::to_string(d.minor))
      .add("read_bytes", d.read_bytes)
      .add("write_bytes", d.write_bytes)
      .add("discard_bytes", d.discard_bytes)
      .add("reads", d.reads)
      .add("writes", d.writes)
      .add("discards", d.discards)
      .add("sync_bytes", d.sync_bytes)
      .add("async_bytes", d.async_bytes)
      .add("total_bytes", d.total_bytes)
      .add("cost_usage_ns", d.cost_usage_ns)
      .str();
}

std::string printed(const NumaUsage& n) {
  return Line("node " + std::to_string(n.node))
      .add("file", n.file)
      .add("anon", n.anon)
      .add("unevictable", n.unevictable)
      .add("file_total", n.file_total)
      .add("anon_total", n.anon_total)
      .add("unevictable_total", n.unevictable_total)
      .str();
}

std::string printed(const HugetlbUsage& h) {
  return Line("hugetlb " + h.page_size)
      .add("usage", h.usage_bytes)
      .add("peak", h.peak_bytes)
      .add("failcnt", h.failcnt)
      .add("limit", h.limit_bytes)
      .str();
}

std::string printed(const IoLimit& limit) {
  return Line("io_limit " + std::to_string(limit.major) + ":" + std::to_string(limit.minor))
      .add("read_bytes", limit.read_bytes)
      .add("write_bytes", limit.write_bytes)
      .add("reads", limit.reads)
      .add("writes", limit.writes)
      .str();
}

std::string printed(const MemoryDetail& detail) {
  std::string text;
  for (std::size_t i = 0; i < kMemoryKeyCount; ++i)
    if (const Number value = detail.value(i))
      text += std::string("memory_stat ") + std::string(kMemoryKeys[i].name) + " " +
              std::to_string(*value) + "\n";
  return text;
}

// Averages in hundredths of a percent, as the files have them.
std::string printed(const PressureAverages& averages) {
  std::string text;
  for (std::size_t i = 0; i < averages.some.size(); ++i) {
    for (const auto& [kind, line] :
         {std::pair("some", averages.some[i]), std::pair("full", averages.full[i])}) {
      if (!line) continue;
      text += std::string("pressure_avg ") + std::to_string(i) + " " + kind;
      for (const float share : *line) text += " " + std::to_string(std::lround(share * 10'000));
      text += "\n";
    }
  }
  return text;
}

std::string printed(const char* kind, const NamedUsage& usage) {
  return Line(std::string(kind) + " " + usage.name)
      .add("current", usage.current)
      .add("max", usage.max)
      .str();
}

std::string printed(const CgroupSample& sample) {
  std::string text;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto limit = sample.limit(static_cast<Field>(i));
    if (!limit) continue;
    text += std::string(kFields[i].path) + " " +
            (limit->is_none() ? "max" : std::to_string(limit->value())) + "\n";
  }
  if (!sample.per_cpu_ns.empty()) text += "per_cpu";
  for (const std::uint64_t ns : sample.per_cpu_ns) text += " " + std::to_string(ns);
  if (!sample.per_cpu_ns.empty()) text += "\n";
  if (!sample.cpuset_cpus.empty()) text += "cpus " + sample.cpuset_cpus + "\n";
  if (!sample.cpuset_mems.empty()) text += "mems " + sample.cpuset_mems + "\n";
  for (const auto& device : sample.devices) text += printed(device);
  for (const auto& limit : sample.io_limits) text += printed(limit);
  text += printed(sample.memory_detail);
  text += printed(sample.pressure_averages);
  for (const auto& node : sample.numa) text += printed(node);
  for (const auto& huge : sample.hugetlb) text += printed(huge);
  for (const auto& usage : sample.misc) text += printed("misc", usage);
  for (const auto& usage : sample.rdma) text += printed("rdma", usage);
  return text;
}

// The groups that "expect" has a "[/path]" for.
std::vector<std::string> groups_of(const std::string& expect) {
  std::vector<std::string> groups;
  std::istringstream lines(expect);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("[/")) groups.push_back(line.substr(1, line.size() - 2));
  return groups;
}

std::string read_recorded(const fs::path& host, const std::vector<std::string>& groups,
                          std::size_t held_per_cgroup) {
  const Layout layout =
      *open_layout(text_of(host / "mountinfo"), *open_dir((host / "cgroup").c_str()));
  const RealClock clock;
  ReaderOptions options = options_for(GroupSet::all());
  options.held_per_cgroup = held_per_cgroup;
  const auto reader = make_text_reader(layout, clock, options);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Cgroup group = group_at(layout, groups[i], i + 1);
    CgroupSample sample;
    ReadTarget target;
    target.cgroup = &group;
    target.sample = &sample;
    target.due = TierSet::all();
    reader->read({&target, 1});
    EXPECT_EQ(target.outcome, ReadOutcome::kRead) << groups[i];
    text += "[" + groups[i] + "]\n" + printed(sample);
  }
  const ReaderStats stats = reader->stats();
  EXPECT_TRUE(stats.malformed.empty()) << stats.malformed.begin()->first;
  EXPECT_TRUE(stats.failed.empty()) << stats.failed.begin()->first;
  return text;
}

TEST(RecordedTree, IsReadAsExpected) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(PLIMSOLL_FIXTURES)) {
    if (!fs::exists(entry.path() / "cgroup")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const std::string expect = text_of(entry.path() / "expect");
    const std::vector<std::string> groups = groups_of(expect);
    EXPECT_FALSE(groups.empty());
    for (const std::size_t held : {std::size_t{5}, std::size_t{0}}) {
      const std::string actual = read_recorded(entry.path(), groups, held);
      if (actual != expect) ADD_FAILURE() << "with " << held << " held files it reads:\n" << actual;
    }
    ++cases;
  }
  EXPECT_GT(cases, 0U);
}

// What a v1 host without a cgroup2 mount cannot say is absent, and it is known to be one.
TEST(RecordedTree, AHostWithoutCgroup2HasNoneOfItsNumbers) {
  const fs::path host = fs::path(PLIMSOLL_FIXTURES) / "v1-pure-6.18";
  const Layout layout =
      *open_layout(text_of(host / "mountinfo"), *open_dir((host / "cgroup").c_str()));
  EXPECT_EQ(layout.mode, Mode::kV1);
  const std::string expect = text_of(host / "expect");
  for (const char* key : {"pressure", "memory.events.", "cgroup.populated"})
    EXPECT_EQ(expect.find(key), std::string::npos) << key;
  for (const char* key : {"memory.usage", "cpu.throttled_periods", "per_cpu", "device 7:"})
    EXPECT_NE(expect.find(key), std::string::npos) << key;
}

}  // namespace
}  // namespace plimsoll::cgroupfs
