#include "runtime/engine/resources.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <utility>

#include "base/fill_in.h"
#include "runtime/engine/json_writer.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

struct Number {
  std::int64_t major_number = 0;
  std::int64_t minor_number = 0;
};

Answer<Number> block_device(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0)
    return refuse(Refused::kInvalid, fill_in("no such file or directory: device {}", path));
  if (!S_ISBLK(facts.st_mode))
    return refuse(Refused::kInvalid, fill_in("{} is no block device", path));
  return Number{static_cast<std::int64_t>(major(facts.st_rdev)),
                static_cast<std::int64_t>(minor(facts.st_rdev))};
}

Answer<std::vector<spec::BlockThrottle>> throttles(
    const std::vector<model::ThrottleDevice>& devices) {
  std::vector<spec::BlockThrottle> all;
  for (const model::ThrottleDevice& device : devices) {
    const Number number = PLIMSOLL_TRY(block_device(device.path));
    all.push_back({number.major_number, number.minor_number, device.rate});
  }
  return all;
}

Answer<std::optional<spec::BlockIoResources>> block_io(const model::Resources& asked) {
  spec::BlockIoResources io;
  if (asked.blkio_weight != 0) io.weight = asked.blkio_weight;
  for (const model::WeightDevice& device : asked.blkio_weight_device) {
    const Number number = PLIMSOLL_TRY(block_device(device.path));
    io.weight_device.push_back(
        {number.major_number, number.minor_number, device.weight, std::nullopt});
  }
  io.read_bps = PLIMSOLL_TRY(throttles(asked.blkio_device_read_bps));
  io.write_bps = PLIMSOLL_TRY(throttles(asked.blkio_device_write_bps));
  io.read_iops = PLIMSOLL_TRY(throttles(asked.blkio_device_read_iops));
  io.write_iops = PLIMSOLL_TRY(throttles(asked.blkio_device_write_iops));
  if (!io.weight && io.weight_device.empty() && io.read_bps.empty() && io.write_bps.empty() &&
      io.read_iops.empty() && io.write_iops.empty())
    return std::optional<spec::BlockIoResources>();
  return std::optional(std::move(io));
}

template <class T>
void put(JsonWriter& json, const char* key, const std::optional<T>& value) {
  if (value) json.key(key).number(*value);
}

void put_memory(JsonWriter& json, const spec::MemoryResources& memory) {
  json.key("memory").open('{');
  put(json, "limit", memory.limit);
  put(json, "reservation", memory.reservation);
  put(json, "swap", memory.swap);
  put(json, "swappiness", memory.swappiness);
  if (memory.disable_oom_killer) json.key("disableOOMKiller").flag(*memory.disable_oom_killer);
  json.close('}');
}

void put_cpu(JsonWriter& json, const spec::CpuResources& cpu) {
  json.key("cpu").open('{');
  put(json, "shares", cpu.shares);
  put(json, "quota", cpu.quota);
  put(json, "period", cpu.period);
  put(json, "realtimeRuntime", cpu.realtime_runtime);
  put(json, "realtimePeriod", cpu.realtime_period);
  if (!cpu.cpus.empty()) json.key("cpus").text(cpu.cpus);
  if (!cpu.mems.empty()) json.key("mems").text(cpu.mems);
  json.close('}');
}

void put_throttles(JsonWriter& json, const char* key,
                   const std::vector<spec::BlockThrottle>& throttles) {
  if (throttles.empty()) return;
  json.key(key).open('[');
  for (const spec::BlockThrottle& one : throttles)
    json.open('{')
        .key("major")
        .number(one.major)
        .key("minor")
        .number(one.minor)
        .key("rate")
        .number(one.rate)
        .close('}');
  json.close(']');
}

void put_block_io(JsonWriter& json, const spec::BlockIoResources& io) {
  json.key("blockIO").open('{');
  put(json, "weight", io.weight);
  if (!io.weight_device.empty()) {
    json.key("weightDevice").open('[');
    for (const spec::BlockWeight& one : io.weight_device) {
      json.open('{').key("major").number(one.major).key("minor").number(one.minor);
      put(json, "weight", one.weight);
      json.close('}');
    }
    json.close(']');
  }
  put_throttles(json, "throttleReadBpsDevice", io.read_bps);
  put_throttles(json, "throttleWriteBpsDevice", io.write_bps);
  put_throttles(json, "throttleReadIOPSDevice", io.read_iops);
  put_throttles(json, "throttleWriteIOPSDevice", io.write_iops);
  json.close('}');
}

void put_device_rule(JsonWriter& json, const spec::DeviceRule& rule) {
  json.open('{').key("allow").flag(rule.allow);
  if (rule.type != spec::DeviceRule::Type::kAll)
    json.key("type").text(rule.type == spec::DeviceRule::Type::kBlock ? "b" : "c");
  put(json, "major", rule.major);
  put(json, "minor", rule.minor);
  std::string access;
  if (rule.read) access += 'r';
  if (rule.write) access += 'w';
  if (rule.mknod) access += 'm';
  json.key("access").text(access).close('}');
}

std::int64_t or_old(std::int64_t asked, std::int64_t old) {
  return asked == 0 ? old : asked;
}

std::unexpected<model::Refusal> cannot_update(const std::string& id, std::string_view why) {
  return refuse(Refused::kConflict, fill_in("Cannot update container {}: {}", id, why));
}

template <class T>
void take(T& old, const T& asked) {
  if (asked != T{}) old = asked;
}

}  // namespace

Answer<spec::Resources> resources_of(const model::Resources& asked, CgroupVersion version) {
  spec::Resources resources;
  spec::MemoryResources memory;
  if (asked.memory != 0) memory.limit = asked.memory;
  if (asked.memory_reservation != 0) memory.reservation = asked.memory_reservation;
  if (asked.memory_swap != 0)
    memory.swap = asked.memory_swap;
  else if (asked.memory > 0)
    memory.swap = asked.memory * 2;
  if (version == CgroupVersion::kV1) {
    // v2 has neither; Docker discards them there, with a warning.
    if (asked.memory_swappiness && *asked.memory_swappiness >= 0)
      memory.swappiness = static_cast<std::uint64_t>(*asked.memory_swappiness);
    if (asked.oom_kill_disable == true) memory.disable_oom_killer = true;
  }
  if (memory.limit || memory.reservation || memory.swap || memory.swappiness ||
      memory.disable_oom_killer)
    resources.memory = memory;
  spec::CpuResources cpu;
  if (asked.cpu_shares != 0) cpu.shares = static_cast<std::uint64_t>(asked.cpu_shares);
  if (asked.cpu_period != 0) cpu.period = static_cast<std::uint64_t>(asked.cpu_period);
  if (asked.cpu_quota != 0) cpu.quota = asked.cpu_quota;
  if (asked.nano_cpus != 0) {
    constexpr std::int64_t kPeriod = 100'000;
    constexpr std::int64_t kNanosPerMicro = 10'000;
    cpu.period = kPeriod;
    cpu.quota = asked.nano_cpus / kNanosPerMicro;
  }
  if (asked.cpu_realtime_period != 0)
    cpu.realtime_period = static_cast<std::uint64_t>(asked.cpu_realtime_period);
  if (asked.cpu_realtime_runtime != 0) cpu.realtime_runtime = asked.cpu_realtime_runtime;
  cpu.cpus = asked.cpuset_cpus;
  cpu.mems = asked.cpuset_mems;
  if (cpu.shares || cpu.period || cpu.quota || cpu.realtime_period || cpu.realtime_runtime ||
      !cpu.cpus.empty() || !cpu.mems.empty())
    resources.cpu = cpu;
  if (asked.pids_limit && *asked.pids_limit != 0)
    resources.pids_limit = *asked.pids_limit < 0 ? -1 : *asked.pids_limit;
  resources.block_io = PLIMSOLL_TRY(block_io(asked));
  return resources;
}

std::string to_json(const spec::Resources& resources) {
  JsonWriter json;
  json.open('{');
  if (!resources.devices.empty()) {
    json.key("devices").open('[');
    for (const spec::DeviceRule& rule : resources.devices) put_device_rule(json, rule);
    json.close(']');
  }
  if (resources.memory) put_memory(json, *resources.memory);
  if (resources.cpu) put_cpu(json, *resources.cpu);
  if (resources.pids_limit)
    json.key("pids").open('{').key("limit").number(*resources.pids_limit).close('}');
  if (resources.block_io) put_block_io(json, *resources.block_io);
  return json.close('}').out();
}

Answer<model::Resources> updated(const std::string& id, const model::Resources& old,
                                 const model::Resources& asked) {
  const auto cpus_conflict = [&](std::string_view why) { return cannot_update(id, why); };
  if (asked.nano_cpus != 0 && old.cpu_period != 0)
    return cpus_conflict(
        "Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set");
  if (asked.nano_cpus != 0 && old.cpu_quota != 0)
    return cpus_conflict(
        "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set");
  if (asked.cpu_period != 0 && old.nano_cpus != 0)
    return cpus_conflict(
        "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set");
  if (asked.cpu_quota != 0 && old.nano_cpus != 0)
    return cpus_conflict(
        "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set");
  model::Resources next = old;
  // A bound of swap that nobody asked for moves along.
  if (asked.memory > 0 && asked.memory_swap == 0 && old.memory_swap > 0 &&
      asked.memory > old.memory_swap)
    return cannot_update(id,
                         "Memory limit should be smaller than already set memoryswap limit, "
                         "update the memoryswap at the same time");
  next.memory = or_old(asked.memory, old.memory);
  next.memory_swap = or_old(asked.memory_swap, old.memory_swap);
  if (next.memory_swap > 0 && next.memory > next.memory_swap)
    return refuse(Refused::kInvalid,
                  "Minimum memoryswap limit should be larger than memory limit, see usage");
  take(next.cpu_shares, asked.cpu_shares);
  take(next.nano_cpus, asked.nano_cpus);
  take(next.cpu_period, asked.cpu_period);
  take(next.cpu_quota, asked.cpu_quota);
  take(next.cpu_realtime_period, asked.cpu_realtime_period);
  take(next.cpu_realtime_runtime, asked.cpu_realtime_runtime);
  take(next.cpuset_cpus, asked.cpuset_cpus);
  take(next.cpuset_mems, asked.cpuset_mems);
  take(next.memory_reservation, asked.memory_reservation);
  take(next.memory_swappiness, asked.memory_swappiness);
  take(next.oom_kill_disable, asked.oom_kill_disable);
  if (asked.pids_limit && *asked.pids_limit != 0) next.pids_limit = asked.pids_limit;
  take(next.blkio_weight, asked.blkio_weight);
  take(next.blkio_weight_device, asked.blkio_weight_device);
  take(next.blkio_device_read_bps, asked.blkio_device_read_bps);
  take(next.blkio_device_write_bps, asked.blkio_device_write_bps);
  take(next.blkio_device_read_iops, asked.blkio_device_read_iops);
  take(next.blkio_device_write_iops, asked.blkio_device_write_iops);
  return next;
}

}  // namespace plimsoll::engine
