// Group pressure.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

constexpr auto kCounter = FamilyType::kCounter;
constexpr std::string_view kV1 = "the same file of the cgroup2 mount, if there is one";
constexpr std::string_view kAbsent = "Absent without PSI, where cAdvisor prints 0.";

constexpr Family kFamilies[] = {
    {{"container_pressure_cpu_waiting_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which at least one task waited for a CPU.", kV1, "cpu.pressure: some", kAbsent},
     write_field<Field::kPsiCpuSome>},
    {{"container_pressure_cpu_stalled_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which all tasks waited for a CPU.", kV1, "cpu.pressure: full", kAbsent},
     write_field<Field::kPsiCpuFull>},
    {{"container_pressure_memory_waiting_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which at least one task waited for memory.", kV1, "memory.pressure: some", kAbsent},
     write_field<Field::kPsiMemorySome>},
    {{"container_pressure_memory_stalled_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which all tasks waited for memory.", kV1, "memory.pressure: full", kAbsent},
     write_field<Field::kPsiMemoryFull>},
    {{"container_pressure_io_waiting_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which at least one task waited for IO.", kV1, "io.pressure: some", kAbsent},
     write_field<Field::kPsiIoSome>},
    {{"container_pressure_io_stalled_seconds_total", kCounter, "seconds", Group::kPressure, "",
      "Time in which all tasks waited for IO.", kV1, "io.pressure: full", kAbsent},
     write_field<Field::kPsiIoFull>},
};

}  // namespace

std::span<const Family> families_pressure() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
