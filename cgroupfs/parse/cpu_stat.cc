#include "cgroupfs/parse/cpu_stat.h"

#include <limits>

#include "cgroupfs/parse/keyed.h"

namespace plimsoll::cgroupfs {

namespace {

constexpr auto kKeysV1 = std::to_array<Key<CpuStatV1>>({
    {"nr_periods", &CpuStatV1::nr_periods},
    {"nr_throttled", &CpuStatV1::nr_throttled},
    {"throttled_time", &CpuStatV1::throttled_time},
    {"wait_sum"},
    {"nr_bursts", &CpuStatV1::nr_bursts},
    {"burst_time", &CpuStatV1::burst_time},
});

constexpr auto kKeysV2 = std::to_array<Key<CpuStatV2>>({
    {"usage_usec", &CpuStatV2::usage_usec},
    {"user_usec", &CpuStatV2::user_usec},
    {"system_usec", &CpuStatV2::system_usec},
    {"nice_usec", &CpuStatV2::nice_usec},
    {"core_sched.force_idle_usec", &CpuStatV2::core_sched_force_idle_usec},
    {"nr_periods", &CpuStatV2::nr_periods},
    {"nr_throttled", &CpuStatV2::nr_throttled},
    {"throttled_usec", &CpuStatV2::throttled_usec},
    {"nr_bursts", &CpuStatV2::nr_bursts},
    {"burst_usec", &CpuStatV2::burst_usec},
});

constexpr auto kLocalKeys = std::to_array<Key<CpuStatLocal>>({
    {"throttled_time", &CpuStatLocal::throttled_time},
    {"throttled_usec", &CpuStatLocal::throttled_usec},
});

}  // namespace

Result<CpuStatV1> parse_cpu_stat_v1(std::string_view text) {
  return parse_keyed(text, kKeysV1);
}

Result<CpuStatV2> parse_cpu_stat_v2(std::string_view text) {
  return parse_keyed(text, kKeysV2);
}

Result<CpuStatLocal> parse_cpu_stat_local(std::string_view text) {
  return parse_keyed(text, kLocalKeys);
}

std::uint64_t usec_to_ns(std::uint64_t usec) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  return usec > kMax / 1000 ? kMax : usec * 1000;
}

}  // namespace plimsoll::cgroupfs
