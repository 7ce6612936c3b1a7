// What the exporter says about itself: a value copied once per scrape. /metrics prints it as
// plimsoll_* families.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/tree/tree.h"
#include "exporter/collect/etcd_stats.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/group_stats.h"
#include "exporter/collect/history.h"
#include "exporter/collect/network.h"
#include "exporter/collect/oom_stats.h"
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

// What became of pushed samples (--push.url).
struct PushStats {
  std::uint64_t sent_samples = 0;
  std::uint64_t sent_bytes = 0;       // Compressed bodies.
  std::uint64_t refused_samples = 0;  // A 4xx: the receiver would refuse them again.
  std::uint64_t dropped_samples = 0;  // The queue was full.
  std::uint64_t damaged_batches = 0;  // Queue files that did not read back.
  std::uint64_t malformed_lines = 0;
  std::uint64_t retries = 0;
  std::uint64_t queued_batches = 0, queued_bytes = 0, queued_samples = 0;  // Now.
  std::map<int, std::uint64_t> requests;  // By HTTP status; 0: no answer.
  std::optional<WallTime> last_success;
  bool failing = false;      // The last try failed.
  bool disk_failed = false;  // What the last interval queued waits in memory.
};

// Who gets in by HTTP, and what this process may do.
struct AccessFacts {
  bool has_web_config = false;
  bool web_config_good = true;                   // The last reading succeeded.
  double web_config_read_time = 0;               // Of the last that did, seconds since 1970.
  std::map<std::string, std::uint64_t> refused;  // Reason -> requests.
  std::uint64_t failed_handshakes = 0;
  std::uint64_t password_comparisons = 0;
  struct Missing {
    std::string capability;  // "CAP_SYS_PTRACE"
    std::string group;       // What is incomplete without it: "process".
  };
  std::vector<Missing> missing;
  bool sandboxed = false;
};

struct SelfStats {
  AccessFacts access;
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
  OomStats oom;
  TaskStats tasks;
  PerfStats perf;
  std::size_t stream_clients = 0;
  std::uint64_t stream_frames = 0;     // Sent.
  std::uint64_t stream_skipped = 0;    // Snapshots slow clients skipped.
  std::uint64_t stream_formatted = 0;  // Frames made; each is sent to all who watch that view.
  std::map<std::pair<std::string, int>, std::uint64_t> http_requests;  // (handler, status) -> count
  std::uint64_t http_connections = 0;                                  // Open now.
  std::uint64_t http_connections_shed = 0;  // Idle ones closed because of the cap.
  bool scrape_stale = false;        // This page shows an older sample: the new one was late.
  std::uint64_t scrapes_stale = 0;  // Pages of that kind.
  std::uint64_t dropped_logs = 0;
  std::uint64_t label_collisions = 0;  // Label names that became equal when sanitised.
  std::optional<PushStats> push;       // Only where pushing is configured.
  std::optional<EtcdStats> etcd;       // Only where --etcd.endpoints is given.
};

}  // namespace plimsoll::exporter
