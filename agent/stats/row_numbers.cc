#include "agent/stats/row_numbers.h"

namespace plimsoll::agent {

using cgroupfs::Field;

StatsRow with_numbers(StatsRow row, const FieldSource& source) {
  row.cpu_ns = source.value(Field::kCpuUsage);
  row.cpu_system_ns = source.value(Field::kCpuSystem);
  row.memory = source.value(Field::kMemoryWorkingSet);
  if (!row.memory) row.memory = source.value(Field::kMemoryUsage);
  row.memory_limit = source.limit(Field::kMemoryLimit);
  row.net_rx = source.value(Field::kNetRxBytes);
  row.net_tx = source.value(Field::kNetTxBytes);
  row.block_read = source.value(Field::kIoReadBytes);
  row.block_write = source.value(Field::kIoWriteBytes);
  row.pids = source.value(Field::kPids);
  row.pids_limit = source.limit(Field::kPidsLimit);
  row.oom_kills = source.value(Field::kMemoryEventsOomKill);
  const auto quota = source.limit(Field::kCpuQuota);
  const auto period = source.value(Field::kCpuPeriod);
  if (quota && quota->is_none()) {
    row.cpu_limit = Limit<double>::none();
  } else if (quota && period && *period > 0) {
    row.cpu_limit =
        Limit<double>(static_cast<double>(quota->value()) / static_cast<double>(*period));
  }
  return row;
}

}  // namespace plimsoll::agent
