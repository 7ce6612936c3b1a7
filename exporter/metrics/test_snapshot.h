// For tests and benchmarks: snapshots made by hand.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "exporter/collect/self.h"
#include "exporter/collect/snapshot.h"
#include "exporter/collect/usage_histograms.h"

namespace plimsoll::exporter {

// A row to be: identity and numbers; the rest follows from them.
struct SampleRow {
  inventory::Identity identity;
  cgroupfs::CgroupSample sample;
  std::vector<InterfaceCounters> interfaces;
  std::vector<FilesystemUsage> filesystems;
  SocketStatsPtr sockets;
  std::vector<PerfCount> perf;
  std::vector<ResctrlUsage> resctrl;
  std::int64_t last_seen_seconds = 1'700'000'000;
};

[[nodiscard]] SampleRow host_row();
// A container of a docker host with a value in every field that v2 (version 2) or v1 offers.
[[nodiscard]] SampleRow container_row(const std::string& name, int version);

// Rows are sorted by path, labels rendered with all container labels.
[[nodiscard]] std::shared_ptr<Snapshot> make_snapshot(std::vector<SampleRow> rows);
// The host and `containers` of container_row.
[[nodiscard]] std::shared_ptr<Snapshot> busy_host(std::size_t containers, int version);
// Of the snapshot's containers, after some samples of changing use.
[[nodiscard]] std::unique_ptr<UsageHistograms> sample_histograms(const Snapshot& snapshot);
// A value in every member that /metrics prints.
[[nodiscard]] SelfStats sample_self();

}  // namespace plimsoll::exporter
