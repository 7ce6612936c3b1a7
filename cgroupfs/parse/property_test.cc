// What holds for every text of a shape, not only for the examples in the tables.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/cpu_stat.h"
#include "cgroupfs/parse/io_stat.h"
#include "cgroupfs/parse/memory_events.h"
#include "cgroupfs/parse/memory_stat.h"
#include "cgroupfs/parse/testing.h"

namespace plimsoll::cgroupfs {
namespace {

template <class T>
using Table = std::vector<std::pair<std::string, std::optional<std::uint64_t> T::*>>;

const Table<CpuStatV2> kCpuStat = {
    {"usage_usec", &CpuStatV2::usage_usec},     {"user_usec", &CpuStatV2::user_usec},
    {"system_usec", &CpuStatV2::system_usec},   {"nr_periods", &CpuStatV2::nr_periods},
    {"nr_throttled", &CpuStatV2::nr_throttled}, {"throttled_usec", &CpuStatV2::throttled_usec},
    {"nr_bursts", &CpuStatV2::nr_bursts},       {"burst_usec", &CpuStatV2::burst_usec}};
const Table<MemoryEvents> kEvents = {
    {"low", &MemoryEvents::low},           {"high", &MemoryEvents::high},
    {"max", &MemoryEvents::max},           {"oom", &MemoryEvents::oom},
    {"oom_kill", &MemoryEvents::oom_kill}, {"oom_group_kill", &MemoryEvents::oom_group_kill}};
const Table<MemoryStatV1> kMemoryStat = {
    {"cache", &MemoryStatV1::cache},
    {"rss", &MemoryStatV1::rss},
    {"pgfault", &MemoryStatV1::pgfault},
    {"total_cache", &MemoryStatV1::total_cache},
    {"total_rss", &MemoryStatV1::total_rss},
    {"total_swap", &MemoryStatV1::total_swap},
    {"total_pgfault", &MemoryStatV1::total_pgfault},
    {"total_inactive_file", &MemoryStatV1::total_inactive_file}};

// A shuffled file with a line for every key of the table, and what it must be read as.
template <class T>
struct Sample {
  std::vector<std::string> lines;
  std::vector<std::size_t> key;  // Of each line.
  T values;
};

template <class T>
Sample<T> any_sample(const Table<T>& table) {
  Sample<T> sample;
  for (std::size_t i = 0; i < table.size(); ++i) sample.key.push_back(i);
  for (std::size_t i = table.size(); i > 1; --i)
    std::swap(sample.key[i - 1], sample.key[*rc::gen::inRange<std::size_t>(0, i)]);
  for (const std::size_t i : sample.key) {
    const auto value = *rc::gen::arbitrary<std::uint64_t>();
    sample.values.*table[i].second = value;
    sample.lines.push_back(table[i].first + " " + std::to_string(value) + "\n");
  }
  return sample;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

template <class T, class Parse>
void check_keyed(const Table<T>& table, Parse parse) {
  Sample<T> sample = any_sample(table);
  const std::string text = joined(sample.lines);
  const auto whole = parse(text);
  RC_ASSERT(whole.has_value());
  RC_ASSERT(*whole == sample.values);  // In whatever order.

  const auto cut = *rc::gen::inRange<std::size_t>(0, text.size());
  const auto torn = parse(std::string_view(text).substr(0, cut));
  RC_ASSERT(torn.has_value() == (cut == 0 || text[cut - 1] == '\n'));

  const auto at = *rc::gen::inRange<std::size_t>(0, sample.lines.size());
  std::vector<std::string> more = sample.lines;
  more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), "a_newer_kernels_key 7\n");
  RC_ASSERT(*parse(joined(more)) == sample.values);

  std::vector<std::string> fewer = sample.lines;
  fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
  T without = sample.values;
  without.*table[sample.key[at]].second = std::nullopt;
  RC_ASSERT(*parse(joined(fewer)) == without);  // Exactly that field is absent.
}

RC_GTEST_PROP(KeyedFiles, OrderIsIrrelevantAndADroppedLineDropsOneField, ()) {
  check_keyed(kCpuStat, parse_cpu_stat_v2);
  check_keyed(kEvents, parse_memory_events);
  check_keyed(kMemoryStat, parse_memory_stat_v1);
}

RC_GTEST_PROP(Blkio, PrintedEntriesAreReadBack, (const std::vector<std::uint64_t>& values)) {
  constexpr std::pair<const char*, BlkioOp> kOps[] = {{"Read", BlkioOp::kRead},
                                                      {"Write", BlkioOp::kWrite},
                                                      {"Discard", BlkioOp::kDiscard},
                                                      {"Total", BlkioOp::kTotal}};
  std::vector<BlkioEntry> entries;
  std::string text;
  for (const std::uint64_t value : values) {
    const auto& [name, op] = kOps[value % 4];
    const BlkioEntry entry{*rc::gen::arbitrary<std::uint32_t>(),
                           *rc::gen::arbitrary<std::uint32_t>(), op, value};
    text += std::to_string(entry.major) + ":" + std::to_string(entry.minor) + " " + name + " " +
            std::to_string(value) + "\n";
    entries.push_back(entry);
  }
  RC_ASSERT(*drain(BlkioLines(text + "Total 1\n")) == entries);
}

RC_GTEST_PROP(IoStat, APrintedDeviceIsReadBackWithOrWithoutEachCounter, ()) {
  constexpr std::pair<const char*, std::optional<std::uint64_t> IoStat::*> kCounters[] = {
      {"rbytes", &IoStat::rbytes}, {"wbytes", &IoStat::wbytes}, {"rios", &IoStat::rios},
      {"wios", &IoStat::wios},     {"dbytes", &IoStat::dbytes}, {"cost.wait", &IoStat::cost_wait}};
  IoStat stat;
  stat.major = *rc::gen::arbitrary<std::uint32_t>();
  std::string text = std::to_string(stat.major) + ":0 ";
  for (const auto& [name, member] : kCounters) {
    if (!*rc::gen::arbitrary<bool>()) continue;
    stat.*member = *rc::gen::arbitrary<std::uint64_t>();
    text += std::string(name) + "=" + std::to_string((stat.*member).value()) + " ";
  }
  RC_ASSERT(*drain(IoStatLines(text + "\n")) == std::vector<IoStat>{stat});
}

}  // namespace
}  // namespace plimsoll::cgroupfs
