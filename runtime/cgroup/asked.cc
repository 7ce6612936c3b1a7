#include "runtime/cgroup/asked.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cgroupfs/limit/convert.h"
#include "runtime/cgroup/asked_direct.h"

namespace plimsoll::runtime {
namespace {

using limit::Bytes;
using limit::Switch;

// -1, and what else is below zero, is "no limit"; 0 is nothing.
limit::Want<Limit<Bytes>> bytes_or_none(std::optional<std::int64_t> value) {
  if (!value || *value == 0) return {};
  if (*value < 0) return Limit<Bytes>::none();
  return Limit(Bytes{static_cast<std::uint64_t>(*value)});
}

Result<> put_memory(const spec::MemoryResources& memory, const AskedFacts& facts,
                    limit::Limits& limits) {
  limits.memory_max = bytes_or_none(memory.limit);
  limits.memory_low = bytes_or_none(memory.reservation);
  if (auto memsw = bytes_or_none(memory.swap); memsw.has_value()) {
    const auto max = limits.memory_max.has_value() ? limits.memory_max.value() : facts.memory;
    limits.memory_swap = PLIMSOLL_TRY(limit::swap_from_memsw(max, memsw.value()));
  } else if (memory.limit && *memory.limit < 0) {
    // Else the bound of memory and swap together would be left, and would bound memory.
    limits.memory_swap = Limit<Bytes>::none();
  }
  if (memory.swappiness) limits.memory_swappiness = *memory.swappiness;
  // Engines say false always; the kernel's default is that, and v2 has no such thing.
  if (memory.disable_oom_killer.value_or(false)) limits.memory_oom_kill_disable = Switch::kOn;
  return {};
}

Result<limit::IdSet> ids(const char* what, const std::string& text) {
  return in(what, limit::IdSet::parse(text));
}

Result<> put_cpu(const spec::CpuResources& cpu, limit::Limits& limits) {
  using std::chrono::microseconds;
  // The kernel's own bounds: it takes 1 for 2 without a word.
  if (cpu.shares.value_or(0) != 0)
    limits.cpu_shares = std::clamp(*cpu.shares, limit::kMinShares, limit::kMaxShares);
  if (cpu.quota.value_or(0) > 0)
    limits.cpu_quota = Limit(limit::CpuTime{limit::CpuTime::Unit::kMicroseconds,
                                            static_cast<std::uint64_t>(*cpu.quota)});
  else if (cpu.quota.value_or(0) < 0)
    limits.cpu_quota = Limit<limit::CpuTime>::none();
  const auto time = [](std::uint64_t usec) {
    return microseconds(static_cast<microseconds::rep>(usec));
  };
  if (cpu.period.value_or(0) != 0) limits.cpu_period = time(*cpu.period);
  if (cpu.burst) limits.cpu_burst = time(*cpu.burst);
  if (cpu.idle) limits.cpu_idle = *cpu.idle != 0 ? Switch::kOn : Switch::kOff;
  if (!cpu.cpus.empty()) limits.cpuset_cpus = PLIMSOLL_TRY(ids("cpu.cpus", cpu.cpus));
  if (!cpu.mems.empty()) limits.cpuset_mems = PLIMSOLL_TRY(ids("cpu.mems", cpu.mems));
  return {};
}

Result<cgroupfs::DeviceNumber> device(std::int64_t major, std::int64_t minor) {
  constexpr std::int64_t kMost = 0xffff'ffff;
  if (major < 0 || minor < 0 || major > kMost || minor > kMost)
    return invalid_input("blockIO",
                         std::to_string(major) + ":" + std::to_string(minor) + " is no device");
  return cgroupfs::DeviceNumber{static_cast<std::uint32_t>(major),
                                static_cast<std::uint32_t>(minor)};
}

std::uint64_t io_cost_weight(std::uint16_t weight) {
  return limit::io_weight_from_blkio(weight).value;
}

Result<> put_weights(const spec::BlockIoResources& io, AskedFacts::Weights weights,
                     limit::Limits& limits) {
  const bool bfq = weights == AskedFacts::Weights::kBfq;
  if (io.weight.value_or(0) != 0) {
    if (bfq)
      limits.io_bfq_weight = std::uint64_t{*io.weight};
    else
      limits.io_weight = io_cost_weight(*io.weight);
  }
  for (const spec::BlockWeight& one : io.weight_device) {
    if (one.weight.value_or(0) == 0) continue;
    const cgroupfs::DeviceNumber number = PLIMSOLL_TRY(device(one.major, one.minor));
    if (bfq)
      limits.io_bfq_weight_device[number] = std::uint64_t{*one.weight};
    else
      limits.io_weight_device[number] = io_cost_weight(*one.weight);
  }
  return {};
}

// 0 takes a throttle away, in the kernel's v1 files and so in the specification.
template <class T>
Result<> put_throttles(const std::vector<spec::BlockThrottle>& throttles,
                       limit::PerDevice<Limit<T>>& into) {
  for (const spec::BlockThrottle& one : throttles) {
    const cgroupfs::DeviceNumber number = PLIMSOLL_TRY(device(one.major, one.minor));
    into[number] = one.rate == 0 ? Limit<T>::none() : Limit(T{one.rate});
  }
  return {};
}

Result<> put_io(const spec::BlockIoResources& io, AskedFacts::Weights weights,
                limit::Limits& limits) {
  PLIMSOLL_TRY(put_weights(io, weights, limits));
  PLIMSOLL_TRY(put_throttles(io.read_bps, limits.io_rbps));
  PLIMSOLL_TRY(put_throttles(io.write_bps, limits.io_wbps));
  PLIMSOLL_TRY(put_throttles(io.read_iops, limits.io_riops));
  return put_throttles(io.write_iops, limits.io_wiops);
}

}  // namespace

Result<Asked> asked_of(const spec::Resources& resources, const cgroupfs::Layout& layout,
                       const AskedFacts& facts) {
  Asked asked;
  if (resources.memory) PLIMSOLL_TRY(put_memory(*resources.memory, facts, asked.limits));
  if (resources.cpu) PLIMSOLL_TRY(put_cpu(*resources.cpu, asked.limits));
  if (resources.block_io) PLIMSOLL_TRY(put_io(*resources.block_io, facts.weights, asked.limits));
  if (const auto pids = resources.pids_limit) {
    asked.limits.pids_max = *pids < 0 ? Limit<std::uint64_t>::none()
                                      : Limit<std::uint64_t>(static_cast<std::uint64_t>(*pids));
  }
  for (const spec::HugepageLimit& huge : resources.hugepage_limits)
    asked.limits.hugetlb_max[huge.page_size] = Limit(Bytes{huge.limit});
  asked.direct = PLIMSOLL_TRY(direct_writes(resources, layout));
  return asked;
}

}  // namespace plimsoll::runtime
