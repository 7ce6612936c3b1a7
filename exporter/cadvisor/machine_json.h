// MachineInfo, Attributes, DerivedStats and ProcessInfo.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "exporter/cadvisor/go_json.h"
#include "exporter/cadvisor/machine_facts.h"
#include "exporter/cadvisor/processes.h"
#include "exporter/cadvisor/summary.h"
#include "exporter/collect/snapshot.h"
#include "exporter/collect/topology.h"

namespace plimsoll::exporter {

struct MachineView {
  const MachineInfo& machine;
  const MachineFacts& facts;
  const Topology& topology;
  std::span<const FilesystemUsage> filesystems;  // The host's.
  WallTime at;
};
void write_machine_info(GoJson& json, const MachineView& view);
void write_attributes(GoJson& json, const MachineView& view, std::string_view version);

void write_derived_stats(GoJson& json, const DerivedUsage& usage);

// `of_root`: the list of all processes says whose each one is.
enum class ProcessScope : std::uint8_t { kContainer, kHost };
void write_process(GoJson& json, const ProcessRow& process, ProcessScope scope);

}  // namespace plimsoll::exporter
