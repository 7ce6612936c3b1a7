#include "exporter/collect/usage_histograms.h"

namespace plimsoll::exporter {

void UsageHistograms::append(const Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  for (std::size_t row = 0; row < snapshot.rows.size(); ++row) {
    const Row& of = snapshot.rows[row];
    if (!of.identity || !of.identity->is_container()) continue;
    Tracked& tracked = by_serial_[of.serial];
    tracked.sequence = snapshot.sequence;
    tracked.usage.cpu_cores.observe(static_cast<double>(snapshot.rates[row].cpu_cores), kIdleCores);
    if (const auto bytes = snapshot.value(cgroupfs::Field::kMemoryWorkingSet, row))
      tracked.usage.memory_bytes.observe(static_cast<double>(*bytes), kNoMemory);
  }
  std::erase_if(by_serial_,
                [&](const auto& entry) { return entry.second.sequence != snapshot.sequence; });
}

bool UsageHistograms::copy(std::uint64_t serial, ContainerUsage& into) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_serial_.find(serial);
  if (found == by_serial_.end()) return false;
  into = found->second.usage;
  return true;
}

std::size_t UsageHistograms::memory() const {
  constexpr std::size_t kNode = sizeof(Tracked) + 32;
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [serial, tracked] : by_serial_)
    bytes += kNode + tracked.usage.cpu_cores.memory() + tracked.usage.memory_bytes.memory();
  return bytes;
}

}  // namespace plimsoll::exporter
