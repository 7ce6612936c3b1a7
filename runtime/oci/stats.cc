#include "runtime/oci/stats.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::oci {

namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kTickNanoseconds = 10'000'000;  // USER_HZ is 100 wherever Linux runs.

// A JSON object in the making.
class Object {
 public:
  void raw(std::string_view key, std::string_view value) {
    if (!text_.empty()) text_ += ',';
    json::append_string(text_, key);
    text_ += ':';
    text_ += value;
  }
  void number(std::string_view key, std::uint64_t value) { raw(key, std::to_string(value)); }
  // Go's "omitempty".
  void unless_zero(std::string_view key, std::uint64_t value) {
    if (value != 0) number(key, value);
  }
  void unless_empty(std::string_view key, const std::vector<std::uint64_t>& values) {
    if (values.empty()) return;
    std::string list;
    for (const std::uint64_t value : values)
      list += (list.empty() ? "" : ",") + std::to_string(value);
    raw(key, "[" + list + "]");
  }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

// One controller's group; all of its files are absent where it is not mounted.
class Group {
 public:
  Group(const runtime::CgroupRecord& groups, std::string_view controller) {
    for (const runtime::CgroupPlace& place : groups.places) {
      const std::string names = "," + place.hierarchy + ",";
      if (names.find("," + std::string(controller) + ",") != std::string::npos)
        path_ = place.path + "/";
    }
  }
  [[nodiscard]] bool is_there() const { return !path_.empty(); }
  [[nodiscard]] Result<std::optional<std::string>> text(std::string_view file) const {
    if (path_.empty()) return std::optional<std::string>();
    const std::string name = path_ + std::string(file);
    auto text = read_file_at(DirFd(AT_FDCWD), name.c_str());
    if (text) return std::optional<std::string>(*std::move(text));
    // Not offered by this kernel, or (EOPNOTSUPP) not on this host.
    const int os_error = text.error().os_error;
    if (os_error == ENOENT || os_error == EOPNOTSUPP || os_error == EINVAL)
      return std::optional<std::string>();
    return std::unexpected(std::move(text).error());
  }
  // 0 where there is no such file; "max" is `unlimited`.
  [[nodiscard]] Result<std::uint64_t> number(std::string_view file,
                                             std::uint64_t unlimited = kUnlimited) const {
    const auto found = PLIMSOLL_TRY(text(file));
    if (!found) return 0;
    const std::string_view word = trim(*found);
    if (word == "max") return unlimited;
    const auto value = to_number<std::uint64_t>(word);
    if (!value) return malformed(word);
    return *value;
  }
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> keyed(std::string_view file) const {
    std::map<std::string, std::uint64_t> values;
    const auto found = PLIMSOLL_TRY(text(file));
    std::string_view rest = found ? std::string_view(*found) : std::string_view();
    for (std::string_view line; next_line(rest, line);) {
      std::string_view key;
      std::string_view word;
      std::string_view words = line;
      if (!next_word(words, key) || !next_word(words, word)) continue;
      if (const auto value = to_number<std::uint64_t>(word)) values[std::string(key)] = *value;
    }
    return values;
  }
  [[nodiscard]] Result<std::vector<std::uint64_t>> list(std::string_view file) const {
    std::vector<std::uint64_t> values;
    const auto found = PLIMSOLL_TRY(text(file));
    std::string_view rest = found ? std::string_view(*found) : std::string_view();
    for (std::string_view word; next_word(rest, word);)
      if (const auto value = to_number<std::uint64_t>(trim(word))) values.push_back(*value);
    return values;
  }
  // "0-3,7"
  [[nodiscard]] Result<std::vector<std::uint64_t>> ranges(std::string_view file) const {
    std::vector<std::uint64_t> values;
    const auto found = PLIMSOLL_TRY(text(file));
    std::string_view rest = found ? trim(*found) : std::string_view();
    while (!rest.empty()) {
      const std::string_view range = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), range.size() + 1));
      const std::size_t dash = range.find('-');
      const auto first = to_number<std::uint16_t>(range.substr(0, dash));
      const auto last =
          dash == std::string_view::npos ? first : to_number<std::uint16_t>(range.substr(dash + 1));
      if (!first || !last) return malformed(range);
      for (std::uint64_t value = *first; value <= *last; ++value) values.push_back(value);
    }
    return values;
  }

 private:
  std::string path_;
};

std::string throttling_text(std::map<std::string, std::uint64_t>& stat, const char* time,
                            std::uint64_t scale) {
  Object throttling;
  throttling.unless_zero("periods", stat["nr_periods"]);
  throttling.unless_zero("throttledPeriods", stat["nr_throttled"]);
  throttling.unless_zero("throttledTime", stat[time] * scale);
  return throttling.text();
}

std::string cpu_text(const Object& usage, const std::string& throttling) {
  Object cpu;
  cpu.raw("usage", usage.text());
  cpu.raw("throttling", throttling);
  return cpu.text();
}

Result<std::string> cpu_v1(const Group& accounting, const Group& scheduler) {
  Object usage;
  usage.unless_zero("total", PLIMSOLL_TRY(accounting.number("cpuacct.usage")));
  usage.unless_empty("percpu", PLIMSOLL_TRY(accounting.list("cpuacct.usage_percpu")));
  usage.unless_empty("percpu_kernel", PLIMSOLL_TRY(accounting.list("cpuacct.usage_percpu_sys")));
  usage.unless_empty("percpu_user", PLIMSOLL_TRY(accounting.list("cpuacct.usage_percpu_user")));
  auto ticks = PLIMSOLL_TRY(accounting.keyed("cpuacct.stat"));
  usage.number("kernel", ticks["system"] * kTickNanoseconds);
  usage.number("user", ticks["user"] * kTickNanoseconds);
  auto stat = PLIMSOLL_TRY(scheduler.keyed("cpu.stat"));
  return cpu_text(usage, throttling_text(stat, "throttled_time", 1));
}

Result<std::string> cpu_v2(const Group& unified) {
  constexpr std::uint64_t kMicro = 1000;
  auto stat = PLIMSOLL_TRY(unified.keyed("cpu.stat"));
  Object usage;
  usage.unless_zero("total", stat["usage_usec"] * kMicro);
  usage.number("kernel", stat["system_usec"] * kMicro);
  usage.number("user", stat["user_usec"] * kMicro);
  return cpu_text(usage, throttling_text(stat, "throttled_usec", kMicro));
}

Result<std::string> cpuset_text(const Group& cpuset) {
  Object text;
  text.unless_empty("cpus", PLIMSOLL_TRY(cpuset.ranges("cpuset.cpus")));
  text.number("cpu_exclusive", PLIMSOLL_TRY(cpuset.number("cpuset.cpu_exclusive")));
  text.unless_empty("mems", PLIMSOLL_TRY(cpuset.ranges("cpuset.mems")));
  for (const char* name : {"mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page",
                           "memory_spread_slab", "memory_pressure", "sched_load_balance"})
    text.number(name, PLIMSOLL_TRY(cpuset.number(std::string("cpuset.") + name)));
  // The only one that may be negative.
  const auto level = PLIMSOLL_TRY(cpuset.text("cpuset.sched_relax_domain_level"));
  text.raw("sched_relax_domain_level", level ? trim(*level) : "0");
  return text.text();
}

struct MemoryEntry {
  std::uint64_t limit = 0;
  std::uint64_t usage = 0;
  std::uint64_t max = 0;
  std::uint64_t failcnt = 0;
};

std::string text_of(const MemoryEntry& entry) {
  Object text;
  text.number("limit", entry.limit);
  text.unless_zero("usage", entry.usage);
  text.unless_zero("max", entry.max);
  text.number("failcnt", entry.failcnt);
  return text.text();
}

Result<MemoryEntry> memory_entry(const Group& memory, const std::string& prefix) {
  MemoryEntry entry;
  entry.limit = PLIMSOLL_TRY(memory.number(prefix + ".limit_in_bytes"));
  entry.usage = PLIMSOLL_TRY(memory.number(prefix + ".usage_in_bytes"));
  entry.max = PLIMSOLL_TRY(memory.number(prefix + ".max_usage_in_bytes"));
  entry.failcnt = PLIMSOLL_TRY(memory.number(prefix + ".failcnt"));
  return entry;
}

std::string memory_text(std::uint64_t cache, const std::array<MemoryEntry, 4>& entries,
                        const std::map<std::string, std::uint64_t>& stat) {
  Object memory;
  memory.unless_zero("cache", cache);
  memory.raw("usage", text_of(entries[0]));
  memory.raw("swap", text_of(entries[1]));
  memory.raw("kernel", text_of(entries[2]));
  memory.raw("kernelTCP", text_of(entries[3]));
  Object raw;
  for (const auto& [key, value] : stat) raw.number(key, value);
  if (!stat.empty()) memory.raw("raw", raw.text());
  return memory.text();
}

Result<std::string> memory_v1(const Group& memory) {
  auto stat = PLIMSOLL_TRY(memory.keyed("memory.stat"));
  const std::uint64_t cache = stat.contains("cache") ? stat["cache"] : 0;
  return memory_text(cache,
                     {PLIMSOLL_TRY(memory_entry(memory, "memory")),
                      PLIMSOLL_TRY(memory_entry(memory, "memory.memsw")),
                      PLIMSOLL_TRY(memory_entry(memory, "memory.kmem")),
                      PLIMSOLL_TRY(memory_entry(memory, "memory.kmem.tcp"))},
                     stat);
}

Result<std::string> memory_v2(const Group& unified) {
  auto stat = PLIMSOLL_TRY(unified.keyed("memory.stat"));
  MemoryEntry memory;
  memory.limit = PLIMSOLL_TRY(unified.number("memory.max"));
  memory.usage = PLIMSOLL_TRY(unified.number("memory.current"));
  memory.max = PLIMSOLL_TRY(unified.number("memory.peak"));
  MemoryEntry swap;
  swap.limit = PLIMSOLL_TRY(unified.number("memory.swap.max"));
  swap.usage = PLIMSOLL_TRY(unified.number("memory.swap.current")) + memory.usage;
  swap.max = 0;
  // runc shows v1's sum of memory and swap on v2, too.
  if (swap.limit != kUnlimited)
    swap.limit = memory.limit == kUnlimited ? kUnlimited : swap.limit + memory.limit;
  const std::uint64_t cache = stat.contains("file") ? stat["file"] : 0;
  return memory_text(cache, {memory, swap, MemoryEntry(), MemoryEntry()}, stat);
}

struct Entries {
  std::string text;
  void add(std::uint64_t major, std::uint64_t minor, std::string_view op, std::uint64_t value) {
    Object entry;
    entry.unless_zero("major", major);
    entry.unless_zero("minor", minor);
    std::string quoted;
    json::append_string(quoted, op);
    if (!op.empty()) entry.raw("op", quoted);
    entry.unless_zero("value", value);
    text += (text.empty() ? "" : ",") + entry.text();
  }
};

struct Device {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
};

std::optional<Device> device_of(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = to_number<std::uint64_t>(word.substr(0, colon));
  const auto minor = to_number<std::uint64_t>(word.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return Device{*major, *minor};
}

// "8:0 Read 4096", and without a device the sum of all.
Result<Entries> entries_v1(const Group& block, const std::string& file) {
  Entries entries;
  for (const std::string& name : {"blkio.bfq." + file, "blkio.throttle." + file}) {
    const auto found = PLIMSOLL_TRY(block.text(name));
    std::string_view rest = found ? std::string_view(*found) : std::string_view();
    for (std::string_view line; next_line(rest, line);) {
      std::string_view number;
      std::string_view op;
      std::string_view value;
      if (!next_word(line, number) || !next_word(line, op) || !next_word(line, value)) continue;
      const auto device = device_of(number);
      const auto count = to_number<std::uint64_t>(value);
      if (device && count) entries.add(device->major, device->minor, op, *count);
    }
    if (!entries.text.empty()) break;
  }
  return entries;
}

std::string block_text(const Entries& bytes, const Entries& operations) {
  Object block;
  if (!bytes.text.empty()) block.raw("ioServiceBytesRecursive", "[" + bytes.text + "]");
  if (!operations.text.empty()) block.raw("ioServicedRecursive", "[" + operations.text + "]");
  return block.text();
}

Result<std::string> block_v1(const Group& block) {
  const Entries bytes = PLIMSOLL_TRY(entries_v1(block, "io_service_bytes_recursive"));
  return block_text(bytes, PLIMSOLL_TRY(entries_v1(block, "io_serviced_recursive")));
}

// "8:0 rbytes=4096 wbytes=0 rios=1 ..."
Result<std::string> block_v2(const Group& unified) {
  Entries bytes;
  Entries operations;
  const auto found = PLIMSOLL_TRY(unified.text("io.stat"));
  std::string_view rest = found ? std::string_view(*found) : std::string_view();
  for (std::string_view line; next_line(rest, line);) {
    std::string_view word;
    if (!next_word(line, word)) continue;
    const auto device = device_of(word);
    while (device && next_word(line, word)) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view key = word.substr(0, equals);
      const auto value = to_number<std::uint64_t>(word.substr(equals + 1));
      const char* op = key.starts_with('r') ? "Read" : key.starts_with('w') ? "Write" : "Discard";
      if (!value) continue;
      if (key == "rbytes" || key == "wbytes" || key == "dbytes")
        bytes.add(device->major, device->minor, op, *value);
      if (key == "rios" || key == "wios" || key == "dios")
        operations.add(device->major, device->minor, op, *value);
    }
  }
  return block_text(bytes, operations);
}

Result<std::string> pids_text(const Group& pids) {
  Object text;
  text.unless_zero("current", PLIMSOLL_TRY(pids.number("pids.current")));
  text.unless_zero("limit", PLIMSOLL_TRY(pids.number("pids.max", 0)));
  return text.text();
}

// Of the sizes that Linux's architectures have, those that this group has.
Result<std::string> huge_text(const Group& group) {
  Object text;
  for (const char* size : {"64KB", "1MB", "2MB", "16MB", "32MB", "512MB", "1GB", "2GB", "16GB"}) {
    const std::string prefix = std::string("hugetlb.") + size;
    Object entry;
    if (PLIMSOLL_TRY(group.text(prefix + ".usage_in_bytes"))) {
      entry.unless_zero("usage", PLIMSOLL_TRY(group.number(prefix + ".usage_in_bytes")));
      entry.unless_zero("max", PLIMSOLL_TRY(group.number(prefix + ".max_usage_in_bytes")));
      entry.number("failcnt", PLIMSOLL_TRY(group.number(prefix + ".failcnt")));
    } else if (PLIMSOLL_TRY(group.text(prefix + ".current"))) {
      auto events = PLIMSOLL_TRY(group.keyed(prefix + ".events"));
      entry.unless_zero("usage", PLIMSOLL_TRY(group.number(prefix + ".current")));
      entry.number("failcnt", events["max"]);
    } else {
      continue;
    }
    text.raw(size, entry.text());
  }
  return text.text();
}

}  // namespace

Result<std::string> stats_text(const runtime::CgroupRecord& groups) {
  const Group unified(groups, "");
  const bool v1_memory = Group(groups, "memory").is_there();
  const Group block(groups, "blkio");
  const Group pids(groups, "pids");
  Object data;
  data.raw("cpu", Group(groups, "cpuacct").is_there()
                      ? PLIMSOLL_TRY(cpu_v1(Group(groups, "cpuacct"), Group(groups, "cpu")))
                      : PLIMSOLL_TRY(cpu_v2(unified)));
  data.raw("cpuset", PLIMSOLL_TRY(cpuset_text(Group(groups, "cpuset"))));
  data.raw("memory", v1_memory ? PLIMSOLL_TRY(memory_v1(Group(groups, "memory")))
                               : PLIMSOLL_TRY(memory_v2(unified)));
  data.raw("pids", PLIMSOLL_TRY(pids_text(pids.is_there() ? pids : unified)));
  data.raw("blkio",
           block.is_there() ? PLIMSOLL_TRY(block_v1(block)) : PLIMSOLL_TRY(block_v2(unified)));
  const Group huge(groups, "hugetlb");
  data.raw("hugetlb", PLIMSOLL_TRY(huge_text(huge.is_there() ? huge : unified)));
  data.raw("intel_rdt", "{}");
  data.raw("network_interfaces", "null");
  return data.text();
}

}  // namespace plimsoll::oci
