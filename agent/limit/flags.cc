#include "agent/limit/flags.h"

namespace plimsoll::agent {
namespace {

using limit::Knob;

constexpr std::string_view kCpu = "CPU";
constexpr std::string_view kMemory = "Memory";
constexpr std::string_view kIo = "IO, per disk";
constexpr std::string_view kMore = "Processes and more";

constexpr LimitFlag kFlags[] = {
    {Knob::kCpuQuota, "--cpus", "CPUS", kCpu},
    {Knob::kCpuQuota, "--cpu-quota", "USEC", kCpu, Reading::kMicroseconds,
     "CPU time per period in microseconds, as docker has it"},
    {Knob::kCpuPeriod, "--cpu-period", "USEC", kCpu},
    {Knob::kCpuBurst, "--cpu-burst", "TIME", kCpu},
    {Knob::kCpuWeight, "--cpu-weight", "N", kCpu},
    {Knob::kCpuShares, "-c,--cpu-shares", "N", kCpu},
    {Knob::kCpuIdle, "--cpu-idle", "on|off", kCpu},
    {Knob::kCpusetCpus, "--cpuset-cpus", "LIST", kCpu},
    {Knob::kCpusetMems, "--cpuset-mems", "LIST", kCpu},
    {Knob::kMemoryMax, "-m,--memory,--memory-max", "BYTES", kMemory},
    {Knob::kMemorySwap, "--memory-swap", "BYTES", kMemory, Reading::kMemoryAndSwap,
     "memory and swap together, as docker has it; --swap is swap alone"},
    {Knob::kMemorySwap, "--swap", "BYTES", kMemory},
    {Knob::kMemoryLow, "--memory-reservation,--memory-low", "BYTES", kMemory},
    {Knob::kMemoryHigh, "--memory-high", "BYTES", kMemory},
    {Knob::kMemoryMin, "--memory-min", "BYTES", kMemory},
    {Knob::kMemorySwappiness, "--memory-swappiness,--swappiness", "N", kMemory},
    {Knob::kMemoryOomGroup, "--oom-group", "on|off", kMemory},
    {Knob::kMemoryOomKillDisable, "--oom-kill-disable", "on|off", kMemory},
    {Knob::kIoWeight, "--io-weight", "[DISK=]N", kIo},
    {Knob::kIoBfqWeight, "--io-bfq-weight", "[DISK=]N", kIo},
    {Knob::kIoRbps, "--io-rbps", "DISK=BYTES", kIo},
    {Knob::kIoWbps, "--io-wbps", "DISK=BYTES", kIo},
    {Knob::kIoRiops, "--io-riops", "DISK=N", kIo},
    {Knob::kIoWiops, "--io-wiops", "DISK=N", kIo},
    {Knob::kIoLatency, "--io-latency", "DISK=TIME", kIo},
    {Knob::kIoCostQos, "--io-cost-qos", "DISK=KEYS", kIo},
    {Knob::kIoCostModel, "--io-cost-model", "DISK=KEYS", kIo},
    {Knob::kPidsMax, "--pids,--pids-limit", "N", kMore},
    {Knob::kHugetlbMax, "--hugetlb", "SIZE=BYTES", kMore},
    {Knob::kFreeze, "--freeze", "on|off", kMore}};

std::string_view text_of(const LimitFlag& flag) {
  return flag.note.empty() ? limit::info_of(flag.knob).help : flag.note;
}

}  // namespace

std::span<const LimitFlag> limit_flags() {
  return kFlags;
}

std::string_view main_name(const LimitFlag& flag) {
  const std::string_view name = flag.names.substr(flag.names.find("--"));
  return name.substr(0, name.find(','));
}

std::string help_of(const LimitFlag& flag) {
  const limit::KnobInfo& info = limit::info_of(flag.knob);
  std::string help(text_of(flag));
  return help.append(" [").append(info.name).append("]");
}

std::string flags_markdown() {
  std::string out = "| flag | value | knob | |\n|---|---|---|---|\n";
  for (const LimitFlag& flag : limit_flags()) {
    std::string value(flag.value);
    for (std::size_t at = 0; (at = value.find('|', at)) != std::string::npos; at += 2)
      value.insert(at, 1, '\\');
    const limit::KnobInfo& info = limit::info_of(flag.knob);
    out.append("| `").append(flag.names).append("` | `").append(value).append("` | `");
    out.append(info.name).append("` | ").append(text_of(flag)) += " |\n";
  }
  return out;
}

}  // namespace plimsoll::agent
