#include <chrono>
#include <limits>

#include "cgroupfs/limit/convert.h"
#include "runtime/cgroup/systemd.h"

namespace plimsoll::runtime {
namespace {

using limit::Bytes;

constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kUsualPeriod = 100'000;

std::uint64_t number(std::uint64_t value) {
  return value;
}
std::uint64_t number(Bytes value) {
  return value.count;
}

// Bit i of the bytes is CPU or node i.
std::vector<std::uint8_t> mask_of(const limit::IdSet& ids) {
  std::vector<std::uint8_t> mask;
  for (const limit::IdSet::Range& range : ids.ranges()) {
    mask.resize(range.last / 8 + 1);
    for (std::uint32_t id = range.first; id <= range.last; ++id)
      mask[id / 8] = static_cast<std::uint8_t>(mask[id / 8] | 1U << id % 8);
  }
  return mask;
}

class Properties {
 public:
  void weight(const char* name, const limit::Want<std::uint64_t>& want) {
    if (want.has_value()) add(name, want.value());
  }
  template <class T>
  void most(const char* name, const limit::Want<Limit<T>>& want) {
    if (!want.has_value()) return;
    add(name, want.value().is_none() ? kInfinity : number(want.value().value()));
  }
  void ids(const char* name, const limit::Want<limit::IdSet>& want) {
    if (want.has_value()) all_.push_back({name, mask_of(want.value())});
  }
  // systemd counts per second of time, in whatever period.
  void bandwidth(const limit::Limits& limits) {
    const std::uint64_t period = limits.cpu_period.has_value()
                                     ? static_cast<std::uint64_t>(limits.cpu_period.value().count())
                                     : kUsualPeriod;
    if (limits.cpu_quota.has_value()) {
      const auto& quota = limits.cpu_quota.value();
      const bool none = quota.is_none() || quota.value().amount > kInfinity / kSecond;
      add("CPUQuotaPerSecUSec", none ? kInfinity : quota.value().amount * kSecond / period);
    }
    if (limits.cpu_period.has_value()) add("CPUQuotaPeriodUSec", period);
  }
  void add(const char* name, std::uint64_t value) { all_.push_back({name, value}); }
  std::vector<BusProperty> take() { return std::move(all_); }

 private:
  std::vector<BusProperty> all_;
};

}  // namespace

std::vector<BusProperty> properties_of(const limit::Limits& limits) {
  Properties properties;
  if (limits.cpu_shares.has_value())
    properties.add("CPUWeight", limit::weight_from_shares(limits.cpu_shares.value(),
                                                          limit::SharesFormula::kQuadratic)
                                    .value);
  properties.weight("CPUWeight", limits.cpu_weight);
  properties.bandwidth(limits);
  properties.most("MemoryMax", limits.memory_max);
  properties.most("MemoryLow", limits.memory_low);
  properties.most("MemorySwapMax", limits.memory_swap);
  // systemd knows no bound of nobody; the file itself gets it.
  if (!limits.pids_max.has_value() || limits.pids_max.value() != Limit<std::uint64_t>(0))
    properties.most("TasksMax", limits.pids_max);
  properties.weight("IOWeight", limits.io_weight);
  properties.ids("AllowedCPUs", limits.cpuset_cpus);
  properties.ids("AllowedMemoryNodes", limits.cpuset_mems);
  return properties.take();
}

}  // namespace plimsoll::runtime
