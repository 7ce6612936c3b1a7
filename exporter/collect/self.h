// What the exporter says about itself: a value copied once per scrape. /metrics prints it as
// plimsoll_* families.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cgroupfs/read/reader.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/history.h"
#include "exporter/collect/network.h"
#include "inventory/inventory.h"

namespace plimsoll::exporter {

// A classic histogram with fixed bounds: no allocation when observing.
struct DurationHistogram {
  static constexpr std::array<double, 12> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                     0.01,   0.025,   0.05,   0.1,   0.5,    1.0};
  std::array<std::uint64_t, kBounds.size() + 1> buckets{};  // Not cumulative; the last is +Inf.
  double sum = 0;
  std::uint64_t count = 0;
  void observe(double seconds);
};

// One collector (tree, reader, inventory, network, filesystem, machine): duration and outcome per
// tick.
struct CollectorStats {
  std::string name;
  DurationHistogram duration;
  double last_seconds = 0;
  bool success = true;
  std::uint64_t failures = 0;
  std::string last_error;  // Not exported; for doctor and logs.
};

struct SelfStats {
  std::vector<CollectorStats> collectors;
  std::uint64_t ticks = 0;
  std::uint64_t late_ticks = 0;  // Ticks that began more than half an interval late.
  double lag_seconds = 0;        // How late the last tick began.
  double interval_seconds = 1;
  cgroupfs::TreeStats tree;
  cgroupfs::ReaderStats reader;
  inventory::InventoryStats inventory;
  NetworkStats network;
  FilesystemStats filesystem;
  HistoryStats history;
  std::size_t stream_clients = 0;
  std::uint64_t stream_frames = 0;   // Sent.
  std::uint64_t stream_skipped = 0;  // Snapshots slow clients skipped.
  std::map<std::pair<std::string, int>, std::uint64_t> http_requests;  // (handler, status) -> count
  std::uint64_t http_connections = 0;                                  // Open now.
  std::uint64_t http_connections_shed = 0;  // Idle ones closed because of the cap.
  std::uint64_t dropped_logs = 0;
  std::uint64_t label_collisions = 0;  // Label names that became equal when sanitised.
};

}  // namespace plimsoll::exporter
