#include <algorithm>

#include "base/fill_in.h"
#include "base/number.h"
#include "runtime/model/check.h"

namespace plimsoll::model {

namespace {

constexpr std::int64_t kLeastMemory = std::int64_t{6} << 20;

Answer<> check_memory(const Resources& asked) {
  if (asked.memory != 0 && asked.memory != -1 && asked.memory < kLeastMemory)
    return refuse(Refused::kInvalid, "Minimum memory limit allowed is 6MB");
  if (asked.memory > 0 && asked.memory_swap > 0 && asked.memory_swap < asked.memory)
    return refuse(Refused::kInvalid,
                  "Minimum memoryswap limit should be larger than memory limit, "
                  "see usage");
  if (asked.memory_swappiness && (*asked.memory_swappiness < 0 || *asked.memory_swappiness > 100))
    return refuse(Refused::kInvalid,
                  fill_in("Invalid value: {}, valid memory swappiness range is 0-100",
                          *asked.memory_swappiness));
  if (asked.memory_reservation != 0 && asked.memory_reservation < kLeastMemory)
    return refuse(Refused::kInvalid, "Minimum memory reservation allowed is 6MB");
  if (asked.memory > 0 && asked.memory_reservation > 0 && asked.memory < asked.memory_reservation)
    return refuse(Refused::kInvalid,
                  "Minimum memory limit can not be less than memory reservation "
                  "limit, see usage");
  return {};
}

Answer<> check_cpu(const Resources& asked) {
  if (asked.nano_cpus > 0 && asked.cpu_period != 0)
    return refuse(Refused::kInvalid,
                  "Conflicting options: Nano CPUs and CPU Period cannot both be set");
  if (asked.nano_cpus > 0 && asked.cpu_quota != 0)
    return refuse(Refused::kInvalid,
                  "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  if (asked.cpu_period != 0 && (asked.cpu_period < 1000 || asked.cpu_period > 1000000))
    return refuse(Refused::kInvalid,
                  "CPU cfs period can not be less than 1ms (i.e. 1000) or "
                  "larger than 1s (i.e. 1000000)");
  if (asked.cpu_quota > 0 && asked.cpu_quota < 1000)
    return refuse(Refused::kInvalid, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
  if (asked.cpu_shares < 0)
    return refuse(
        Refused::kInvalid,
        fill_in("invalid CPU shares ({}): value must be a positive integer", asked.cpu_shares));
  return {};
}

Answer<> check_block_io(const Resources& asked) {
  if (asked.blkio_weight != 0 && (asked.blkio_weight < 10 || asked.blkio_weight > 1000))
    return refuse(Refused::kInvalid, "Range of blkio weight is from 10 to 1000");
  for (const WeightDevice& device : asked.blkio_weight_device)
    if (device.weight != 0 && (device.weight < 10 || device.weight > 1000))
      return refuse(Refused::kInvalid, "Range of blkio weight is from 10 to 1000");
  return {};
}

// What of the kernel's list "0-2,5" stands in `list`; nothing when it is no such list.
std::optional<std::vector<bool>> cpu_set(std::string_view list) {
  constexpr std::size_t kMost = 8192;  // The largest NR_CPUS of any kernel.
  std::vector<bool> set;
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto first = to_number<std::uint32_t>(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : to_number<std::uint32_t>(range.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= kMost) return std::nullopt;
    if (set.size() <= *last) set.resize(*last + 1);
    std::fill(set.begin() + *first, set.begin() + *last + 1, true);
  }
  return set;
}

struct CpusetWords {
  const char* invalid;
  const char* requested;
};

Answer<> check_cpuset(const std::string& asked, const std::string& available,
                      const CpusetWords& words) {
  if (asked.empty()) return {};
  const auto wanted = cpu_set(asked);
  if (!wanted)
    return refuse(Refused::kInvalid, fill_in("Invalid value {} for {}", asked, words.invalid));
  const std::vector<bool> there = cpu_set(available).value_or(std::vector<bool>());
  for (std::size_t i = 0; i < wanted->size(); ++i)
    if ((*wanted)[i] && (i >= there.size() || !there[i]))
      return refuse(Refused::kInvalid,
                    fill_in("Requested {} are not available - requested {}, available: {}",
                            words.requested, asked, available));
  return {};
}

}  // namespace

Answer<> check_resources(const Resources& resources) {
  PLIMSOLL_TRY(check_memory(resources));
  PLIMSOLL_TRY(check_cpu(resources));
  return check_block_io(resources);
}

Answer<> check_on_host(const Resources& resources, const HostLimits& host) {
  // Nano CPUs: 0.01 is the least that dockerd takes, all CPUs the most that make sense.
  const std::int64_t most = std::int64_t{host.cpus} * 1000000000;
  if (resources.nano_cpus < 0 || resources.nano_cpus > most)
    return refuse(Refused::kInvalid,
                  fill_in("Range of CPUs is from 0.01 to {}.00, as there are only {} CPUs "
                          "available",
                          host.cpus, host.cpus));
  PLIMSOLL_TRY(check_cpuset(resources.cpuset_cpus, host.cpu_list, {"cpuset cpus", "CPUs"}));
  return check_cpuset(resources.cpuset_mems, host.node_list, {"cpuset mems", "memory nodes"});
}

}  // namespace plimsoll::model
