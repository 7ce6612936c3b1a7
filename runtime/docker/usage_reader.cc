#include "runtime/docker/usage_reader.h"

#include <unistd.h>

#include <algorithm>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::docker {

namespace {

using cgroupfs::Controller;
using Keyed = std::map<std::string, std::uint64_t>;

// One container's files of one hierarchy. What cannot be read is absent: a kernel without the file,
// a group that has just been removed, or text that a newer kernel writes differently.
class Group {
 public:
  Group(const cgroupfs::Layout& layout, std::optional<std::size_t> hierarchy,
        const std::string& path) {
    if (!hierarchy) return;
    const auto& found = layout.hierarchies[*hierarchy];
    const std::size_t start = path.find_first_not_of('/');
    if (start == std::string::npos) return;
    version_ = found.version;
    if (auto dir = open_dir_at(found.dir, path.c_str() + start)) dir_ = *std::move(dir);
  }

  [[nodiscard]] int version() const { return version_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(dir_); }

  [[nodiscard]] std::optional<std::string_view> text(const char* name) {
    if (!dir_) return std::nullopt;
    const auto read = buffer_.read_at(dir_, name);
    return read ? std::optional(*read) : std::nullopt;
  }
  // "max" is absent as well.
  [[nodiscard]] std::optional<std::uint64_t> number(const char* name) {
    const auto read = text(name);
    return read ? to_number<std::uint64_t>(trim(*read)) : std::nullopt;
  }
  [[nodiscard]] Keyed keyed(const char* name) {
    const auto read = text(name);
    return read ? parse_keyed(*read).value_or(Keyed()) : Keyed();
  }
  template <class Parse>
  [[nodiscard]] std::vector<BlockIo> entries(const char* name, Parse parse) {
    const auto read = text(name);
    return read ? parse(*read).value_or(std::vector<BlockIo>()) : std::vector<BlockIo>();
  }

 private:
  int version_ = 1;
  DirFd dir_;
  ReadBuffer buffer_;
};

std::uint64_t of(const Keyed& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

void read_throttling(Group& group, CpuUsage& cpu) {
  const Keyed stat = group.keyed("cpu.stat");
  cpu.periods = of(stat, "nr_periods");
  cpu.throttled_periods = of(stat, "nr_throttled");
  cpu.throttled_ns = stat.contains("throttled_time") ? of(stat, "throttled_time")
                                                     : of(stat, "throttled_usec") * 1000;
}

std::vector<std::uint64_t> numbers(std::string_view text) {
  std::vector<std::uint64_t> result;
  std::string_view word;
  text = trim(text);
  while (next_word(text, word))
    if (const auto number = to_number<std::uint64_t>(word)) result.push_back(*number);
  return result;
}

CpuUsage read_cpu(const cgroupfs::Layout& layout, const std::string& path, std::uint64_t tick_ns) {
  CpuUsage cpu;
  if (const auto accounting = layout.of(Controller::kCpuacct);
      accounting && layout.hierarchies[*accounting].version == 1) {
    Group group(layout, accounting, path);
    cpu.total_ns = group.number("cpuacct.usage").value_or(0);
    const Keyed stat = group.keyed("cpuacct.stat");
    cpu.user_ns = of(stat, "user") * tick_ns;
    cpu.kernel_ns = of(stat, "system") * tick_ns;
    if (const auto each = group.text("cpuacct.usage_percpu")) cpu.per_cpu_ns = numbers(*each);
    Group bandwidth(layout, layout.of(Controller::kCpu), path);
    read_throttling(bandwidth, cpu);
    return cpu;
  }
  Group group(layout, layout.unified(), path);
  const Keyed stat = group.keyed("cpu.stat");
  cpu.total_ns = of(stat, "usage_usec") * 1000;
  cpu.user_ns = of(stat, "user_usec") * 1000;
  cpu.kernel_ns = of(stat, "system_usec") * 1000;
  read_throttling(group, cpu);
  return cpu;
}

MemoryUsage read_memory(Group& group, std::uint64_t host_memory) {
  MemoryUsage memory;
  memory.stats = group.keyed("memory.stat");
  std::optional<std::uint64_t> limit;
  if (group.version() == 1) {
    memory.usage = group.number("memory.usage_in_bytes").value_or(0);
    memory.max_usage = group.number("memory.max_usage_in_bytes");
    memory.failcnt = group.number("memory.failcnt");
    limit = group.number("memory.limit_in_bytes");
  } else {
    memory.usage = group.number("memory.current").value_or(0);
    memory.max_usage = group.number("memory.peak");
    const Keyed events = group.keyed("memory.events");
    if (events.contains("oom")) memory.failcnt = of(events, "oom");
    limit = group.number("memory.max");
  }
  memory.limit = std::min(limit.value_or(host_memory), host_memory);
  return memory;
}

void read_io(Group& group, Usage& usage) {
  if (group.version() != 1) {
    usage.io_bytes = group.entries("io.stat", parse_io_stat);
    return;
  }
  // The counters of throttling stand still where no rule is set; those of bfq do not.
  usage.io_bytes = group.entries("blkio.bfq.io_service_bytes_recursive", parse_blkio);
  usage.io_operations = group.entries("blkio.bfq.io_serviced_recursive", parse_blkio);
  if (!usage.io_bytes.empty()) return;
  usage.io_bytes = group.entries("blkio.throttle.io_service_bytes_recursive", parse_blkio);
  usage.io_operations = group.entries("blkio.throttle.io_serviced_recursive", parse_blkio);
}

std::map<std::string, InterfaceCounters> read_networks(const DirFd& proc,
                                                       const engine::Container& container) {
  const std::string& mode = container.definition.host.network_mode;
  if (mode == "host" || container.state.pid <= 0) return {};
  ReadBuffer buffer;
  const std::string path = std::to_string(container.state.pid) + "/net/dev";
  const auto text = buffer.read_at(proc, path.c_str());
  if (!text) return {};
  return parse_net_dev(*text).value_or(std::map<std::string, InterfaceCounters>());
}

}  // namespace

Result<UsageReader> UsageReader::open(const cgroupfs::Layout& layout, DirFd proc,
                                      const Clock& clock) {
  UsageReader reader(layout, std::move(proc), clock);
  ReadBuffer buffer;
  // "MemTotal:        4030152 kB"
  std::string_view text = PLIMSOLL_TRY(buffer.read_at(reader.proc_, "meminfo"));
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view word;
    if (!line.starts_with("MemTotal:") || !next_word(line, word) || !next_word(line, word))
      continue;
    reader.host_memory_ = to_number<std::uint64_t>(word).value_or(0) * 1024;
  }
  reader.cpus_ = static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
  reader.tick_ns_ =
      1'000'000'000 / static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  return reader;
}

Usage UsageReader::read(const engine::Container& container) const {
  Usage usage;
  if (!container.state.running() || container.cgroup.empty()) return usage;
  Group memory(*layout_, layout_->of(Controller::kMemory), container.cgroup);
  if (!memory.is_open()) return usage;  // It ended meanwhile.
  usage.cpu = read_cpu(*layout_, container.cgroup, tick_ns_);
  usage.cpu.online = cpus_;
  const auto elapsed = static_cast<std::uint64_t>(clock_->now().time_since_epoch().count());
  usage.cpu.host_ns = elapsed * cpus_;
  usage.read = clock_->wall();
  usage.memory = read_memory(memory, host_memory_);
  Group io(*layout_, layout_->of(Controller::kIo), container.cgroup);
  read_io(io, usage);
  Group pids(*layout_, layout_->of(Controller::kPids), container.cgroup);
  usage.pids = pids.number("pids.current");
  usage.pids_limit = pids.number("pids.max");
  usage.networks = read_networks(proc_, container);
  return usage;
}

}  // namespace plimsoll::docker
