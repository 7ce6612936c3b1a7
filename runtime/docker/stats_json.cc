#include "runtime/docker/container_text.h"
#include "runtime/docker/stats.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Writer;

std::string list_of(const std::vector<std::uint64_t>& numbers) {
  std::string out = "[";
  for (const std::uint64_t number : numbers) {
    if (out.size() > 1) out += ',';
    out += std::to_string(number);
  }
  return out + ']';
}

std::string cpu_json(const CpuUsage& cpu) {
  std::string usage;
  Writer inner(usage);
  inner("total_usage", cpu.total_ns);
  if (!cpu.per_cpu_ns.empty()) inner.constant("percpu_usage", list_of(cpu.per_cpu_ns));
  inner("usage_in_kernelmode", cpu.kernel_ns);
  inner("usage_in_usermode", cpu.user_ns);
  inner.close();
  std::string throttling;
  Writer data(throttling);
  data("periods", cpu.periods);
  data("throttled_periods", cpu.throttled_periods);
  data("throttled_time", cpu.throttled_ns);
  data.close();
  std::string out;
  Writer write(out);
  write.constant("cpu_usage", usage);
  write("system_cpu_usage", cpu.host_ns, model::Empty::kOmitted);
  write("online_cpus", cpu.online, model::Empty::kOmitted);
  write.constant("throttling_data", throttling);
  write.close();
  return out;
}

std::string memory_json(const MemoryUsage& memory) {
  std::string stats;
  Writer keys(stats);
  for (const auto& [key, value] : memory.stats) keys(key, value);
  keys.close();
  std::string out;
  Writer write(out);
  write("usage", memory.usage);
  write("max_usage", memory.max_usage, model::Empty::kOmitted);
  write.constant("stats", stats);
  write("failcnt", memory.failcnt, model::Empty::kOmitted);
  write("limit", memory.limit);
  write.close();
  return out;
}

std::string io_list(const std::vector<BlockIo>& entries) {
  std::string out = "[";
  for (const BlockIo& entry : entries) {
    if (out.size() > 1) out += ',';
    Writer write(out);
    write("major", entry.major);
    write("minor", entry.minor);
    write("op", entry.op);
    write("value", entry.value);
    write.close();
  }
  return out + ']';
}

std::string io_json(const Usage& usage) {
  std::string out;
  Writer write(out);
  write.constant("io_service_bytes_recursive", io_list(usage.io_bytes));
  write.constant("io_serviced_recursive", io_list(usage.io_operations));
  for (const char* key :
       {"io_queue_recursive", "io_service_time_recursive", "io_wait_time_recursive",
        "io_merged_recursive", "io_time_recursive", "sectors_recursive"})
    write.constant(key, "[]");
  write.close();
  return out;
}

}  // namespace

std::string stats_json(StatsOf container, const Usage& now, const std::optional<Usage>& before) {
  std::string pids;
  Writer processes(pids);
  processes("current", now.pids, model::Empty::kOmitted);
  processes("limit", now.pids_limit, model::Empty::kOmitted);
  processes.close();

  std::string out;
  Writer write(out);
  write("read", time_text(now.read));
  write("preread", time_text(before ? before->read : std::nullopt));
  write.constant("pids_stats", pids);
  write.constant("blkio_stats", io_json(now));
  write.constant("num_procs", "0");
  write.constant("storage_stats", "{}");
  write.constant("cpu_stats", cpu_json(now.cpu));
  write.constant("precpu_stats", cpu_json(before ? before->cpu : CpuUsage()));
  write.constant("memory_stats", now.read ? memory_json(now.memory) : "{}");
  write("name", '/' + std::string(container.name));
  write("id", std::string(container.id));
  if (!now.networks.empty())
    write.dictionary("networks", now.networks, [](Writer& inner, const InterfaceCounters& each) {
      inner("rx_bytes", each.rx_bytes);
      inner("rx_packets", each.rx_packets);
      inner("rx_errors", each.rx_errors);
      inner("rx_dropped", each.rx_dropped);
      inner("tx_bytes", each.tx_bytes);
      inner("tx_packets", each.tx_packets);
      inner("tx_errors", each.tx_errors);
      inner("tx_dropped", each.tx_dropped);
    });
  write.close();
  return out + '\n';
}

}  // namespace plimsoll::docker
