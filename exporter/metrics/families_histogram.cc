// Histograms of the regular samples (--metrics.histograms): a scrape every 30 s still shows bursts.
#include <array>
#include <cmath>

#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// Classic bounds are powers of two, two exponents apart or so: few, since each is a series.
constexpr std::array<int, 10> kCpuExponents = {-6, -4, -2, -1, 0, 1, 2, 3, 4, 6};
constexpr std::array<int, 9> kMemoryExponents = {20, 22, 24, 26, 28, 30, 32, 34, 36};

template <std::size_t kSize>
void write_one(FamilyWriter& out, std::string_view labels, const UsageHistogram& usage,
               const std::array<int, kSize>& exponents, double zero_threshold) {
  if (usage.count() == 0) return;
  std::array<double, kSize> bounds{};
  std::array<std::uint64_t, kSize> cumulative{};
  for (std::size_t i = 0; i < kSize; ++i) {
    bounds[i] = std::ldexp(1.0, exponents[i]);
    cumulative[i] = usage.up_to_power_of_two(exponents[i]);
  }
  const NativeBuckets native{usage.schema(), zero_threshold, usage.zeros(), usage.first(),
                             usage.counts()};
  out.histogram(labels, {bounds, cumulative, usage.sum(), usage.count(), &native});
}

template <class Each>
void for_each_usage(const Context& context, Each each) {
  if (context.options.histograms == nullptr) return;
  ContainerUsage& usage = context.usage;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    if (context.options.histograms->copy(context.snapshot.rows[row].serial, usage))
      each(labels, usage);
  });
}

void write_cpu(FamilyWriter& out, const Context& context) {
  for_each_usage(context, [&](std::string_view labels, const ContainerUsage& usage) {
    write_one(out, labels, usage.cpu_cores, kCpuExponents, kIdleCores);
  });
}

void write_memory(FamilyWriter& out, const Context& context) {
  for_each_usage(context, [&](std::string_view labels, const ContainerUsage& usage) {
    write_one(out, labels, usage.memory_bytes, kMemoryExponents, kNoMemory);
  });
}

constexpr std::string_view kNote =
    "With --metrics.histograms. One observation per interval (1 s). In protobuf also as a native "
    "histogram of schema 3.";

constexpr Family kFamilies[] = {
    {{"plimsoll_container_cpu_usage_cores", FamilyType::kHistogram, "cores", Group::kCpu, "",
      "CPU cores in use, observed at every regular sample.", "cpuacct.usage",
      "cpu.stat: usage_usec", kNote},
     write_cpu},
    {{"plimsoll_container_memory_working_set_bytes", FamilyType::kHistogram, "bytes",
      Group::kMemory, "", "Working set, observed at every regular sample.",
      "memory.usage_in_bytes - memory.stat: total_inactive_file",
      "memory.current - memory.stat: inactive_file", kNote},
     write_memory},
};

}  // namespace

std::span<const Family> families_histogram() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
