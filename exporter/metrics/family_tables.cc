// The order of the exposition.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

std::span<const FamilyTable> family_tables() {
  static const auto kTables = std::to_array<FamilyTable>({
      {"Identity, life and limits", families_spec()},
      {"CPU", families_cpu()},
      {"Memory", families_memory()},
      {"Block IO", families_io()},
      {"File systems", families_disk()},
      {"Network", families_network()},
      {"Pressure", families_pressure()},
      {"OOM kills", families_own_oom()},
      {"Groups that are off by default", families_optional()},
      {"Sockets", families_sockets()},
      {"Hardware counters", families_perf()},
      {"Machine", families_machine()},
      {"Containers, beyond cAdvisor", families_container()},
      {.title = "Histograms of samples", .families = families_histogram(), .word = "histogram"},
      {"Limits, beyond cAdvisor", families_own_limits()},
      {"Memory, beyond cAdvisor", families_own_memory()},
      {"CPU, threads, IO, pressure and state, beyond cAdvisor", families_own_state()},
      {"The exporter: sampling", families_self(), true},
      {"The exporter: its rooms", families_self_rooms(), true},
      {"The exporter: who gets in", families_access(), true},
      {"The exporter: its pages", families_page(), true},
      {"The exporter: its process", families_process(), true},
      {"The exporter: what it pushes", families_push(), true},
      {"The exporter: its registration in etcd", families_etcd(), true},
  });
  return kTables;
}

}  // namespace plimsoll::exporter
