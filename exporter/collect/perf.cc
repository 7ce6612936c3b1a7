#include "exporter/collect/perf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace plimsoll::exporter {

namespace {

class RealKernel final : public PerfKernel {
 public:
  Result<Fd> open(const perf_event_attr& attr, int pid, int cpu, int leader,
                  unsigned long flags) override {
    const long fd = ::syscall(SYS_perf_event_open, &attr, pid, cpu, leader, flags);
    if (fd < 0) return os_failure("perf_event_open", "counter");
    return Fd(static_cast<int>(fd));
  }
  Result<PerfReading> read(const Fd& counter) override {
    PerfReading reading;
    ssize_t n = 0;
    do {
      n = ::read(counter.get(), &reading, sizeof reading);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return os_failure("read", "counter");
    // 0 bytes: the counter was pinned and lost its place; none of ours is.
    if (n != sizeof reading) return malformed("counter");
    return reading;
  }
};

perf_event_attr attributes_of(const PerfCode& code) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = code.type;
  attr.config = code.config[0];
  attr.config1 = code.config[1];
  attr.config2 = code.config[2];
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return attr;
}

// Scaled up to the time in which it should have counted; never having run is 0 of 0.
double ratio_of(const PerfReading& reading) {
  if (reading.enabled_ns == 0) return 1;
  return static_cast<double>(reading.running_ns) / static_cast<double>(reading.enabled_ns);
}

std::uint64_t scaled(const PerfReading& reading) {
  const double ratio = ratio_of(reading);
  if (ratio <= 0 || ratio >= 1) return reading.value;
  return static_cast<std::uint64_t>(static_cast<double>(reading.value) / ratio);
}

// Where the kernel looks for the cgroup of a counter.
std::optional<std::size_t> perf_hierarchy(const cgroupfs::Layout& layout) {
  if (const auto v1 = layout.of(cgroupfs::Controller::kPerfEvent)) return v1;
  return layout.unified();
}

}  // namespace

std::unique_ptr<PerfKernel> make_perf_kernel() {
  return std::make_unique<RealKernel>();
}

PerfCollector::PerfCollector(PerfPlan plan, std::unique_ptr<PerfKernel> kernel)
    : plan_(std::move(plan)), kernel_(std::move(kernel)) {
  for (const ResolvedGroup& group : plan_.core)
    for (const ResolvedEvent& event : group) events_.push_back(&event);
  open_uncore();
}

void PerfCollector::refuse(const Error& error) {
  ++stats_.refused;
  if (!stats_.missing.empty()) return;
  switch (error.kind) {
    case ErrorKind::kDenied:
      stats_.missing = "CAP_PERFMON";
      break;
    case ErrorKind::kNotOffered:
      stats_.missing = "hardware counters";
      break;
    default:
      stats_.missing = error.message();
  }
}

void PerfCollector::open_uncore() {
  for (const UncorePmu& pmu : plan_.uncore)
    for (std::size_t i = 0; i < pmu.cpus.size(); ++i)
      for (const ResolvedEvent& event : pmu.events) {
        Result<Fd> fd =
            kernel_->open(attributes_of(event.code), -1, pmu.cpus[i], -1, PERF_FLAG_FD_CLOEXEC);
        if (fd)
          uncore_.push_back({*std::move(fd), &event, &pmu, pmu.sockets[i]});
        else
          refuse(fd.error());
      }
}

Result<std::vector<PerfCollector::Counter>> PerfCollector::open_counters(const DirFd& cgroup) {
  // A directory opened with O_PATH is not enough for the kernel here.
  const Fd directory = PLIMSOLL_TRY(open_at(cgroup, ".", O_RDONLY | O_DIRECTORY));
  std::vector<Counter> counters;
  for (const std::int32_t cpu : plan_.cpus) {
    std::size_t index = 0;
    for (const ResolvedGroup& group : plan_.core) {
      int leader = -1;
      for (const ResolvedEvent& event : group) {
        Fd fd = PLIMSOLL_TRY(kernel_->open(attributes_of(event.code), directory.get(), cpu, leader,
                                           PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC));
        if (leader < 0) leader = fd.get();
        counters.push_back({.fd = std::move(fd), .event = index++, .cpu = cpu, .last = {}});
      }
    }
  }
  return counters;
}

void PerfCollector::collect(std::span<const Target> targets, const cgroupfs::Layout& layout) {
  const auto hierarchy = perf_hierarchy(layout);
  std::map<std::uint64_t, std::vector<Counter>> next;
  for (const Target& target : targets)
    if (auto known = open_.extract(target.serial)) next.insert(std::move(known));
  open_ = std::move(next);  // Closes the others'.
  const std::size_t each = plan_.cpus.size() * events_.size();
  std::size_t held = uncore_.size();
  for (const auto& [serial, counters] : open_) held += counters.size();
  stats_.left_out = 0;
  for (const Target& target : targets) {
    if (each == 0 || !hierarchy || open_.contains(target.serial)) continue;
    if (held + each > plan_.max_counters) {
      ++stats_.left_out;
      continue;
    }
    const Result<DirFd> dir = cgroupfs::open_cgroup(layout, *target.cgroup, *hierarchy);
    if (!dir) continue;  // Gone, or not in this hierarchy.
    Result<std::vector<Counter>> counters = open_counters(*dir);
    if (!counters) {
      refuse(counters.error());
      // An empty entry: what was refused once is not asked for at every tick.
      open_.emplace(target.serial, std::vector<Counter>());
      continue;
    }
    held += counters->size();
    open_.emplace(target.serial, *std::move(counters));
  }
  stats_.counters = held;
  for (auto& [serial, counters] : open_)
    for (Counter& counter : counters) {
      const Result<PerfReading> reading = kernel_->read(counter.fd);
      counter.last = reading ? std::optional(*reading) : std::nullopt;
    }
  read_uncore();
}

void PerfCollector::read_uncore() {
  uncore_counts_.clear();
  for (const Uncore& uncore : uncore_) {
    const Result<PerfReading> reading = kernel_->read(uncore.fd);
    if (!reading) continue;
    uncore_counts_.push_back({.event = uncore.event->name,
                              .pmu = uncore.pmu->name,
                              .socket = uncore.socket,
                              .value = scaled(*reading),
                              .scaling = ratio_of(*reading)});
  }
}

std::vector<PerfCount> PerfCollector::counts(std::uint64_t serial, bool per_cpu) const {
  std::vector<PerfCount> counts;
  const auto found = open_.find(serial);
  if (found == open_.end()) return counts;
  for (const Counter& counter : found->second) {
    if (!counter.last) continue;
    const std::shared_ptr<const std::string>& name = events_[counter.event]->name;
    const std::uint64_t value = scaled(*counter.last);
    const double ratio = ratio_of(*counter.last);
    const auto same =
        per_cpu ? counts.end()
                : std::ranges::find_if(counts, [&](const PerfCount& c) { return c.event == name; });
    if (same == counts.end()) {
      counts.push_back({name, per_cpu ? counter.cpu : -1, value, ratio});
    } else {
      same->value += value;
      same->scaling = std::min(same->scaling, ratio);
    }
  }
  return counts;
}

}  // namespace plimsoll::exporter
