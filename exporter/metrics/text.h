// What a page of metrics shows, and the page in the Prometheus text format 0.0.4 (the other
// formats: page_writer.h). Source: prometheus/docs, exposition_formats.md.
//
// Formatting only: a snapshot and self statistics in, bytes appended to `out`. No allocation
// besides growing `out` (callers keep it between scrapes). Thread: any, nothing shared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "cgroupfs/read/group.h"
#include "exporter/collect/self.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct LabelOptions {
  // cAdvisor's --store_container_labels; ours is off unless asked (cardinality), see
  // docs/decisions.
  bool all_container_labels = false;
  std::vector<std::string> allowed_labels;  // Raw keys; used when all_container_labels is false.
  std::vector<std::string> allow, deny;     // The same as patterns with * and ?; deny wins always.
};

// The text inside the braces for one identity: id, image, name, on Kubernetes container, namespace
// and pod, and the chosen labels and environment, names sanitised ([^a-zA-Z0-9_] -> _), values
// escaped and made valid UTF-8 so that different ids stay different. Label names that collide after
// sanitising get "_2", "_3" ... in key order and are counted in `collisions`. An empty image or
// name is left out, which is the same to Prometheus.
[[nodiscard]] std::string render_labels(const inventory::Identity& identity,
                                        const LabelOptions& options, std::uint64_t& collisions);

class UsageHistograms;

// By position in the catalogue: is the family printed?
using FamilySet = std::vector<bool>;

enum class Compat : std::uint8_t {
  kDefault,  // Values fixed; what was not measured is absent.
  kStrict    // cAdvisor's zeros, label union and timestamps as well.
};

struct TextOptions {
  cgroupfs::GroupSet groups = cgroupfs::GroupSet::defaults();
  bool exporter_metrics =
      true;  // plimsoll_* and process_* (--web.disable-exporter-metrics switches them off).
  Compat compat = Compat::kDefault;
  std::optional<MonoTime> now;  // For plimsoll_snapshot_age_seconds; left out without it.
  // Not owned; null: every family of the groups, every row.
  const FamilySet* families = nullptr;
  const std::vector<std::size_t>* rows = nullptr;
  const UsageHistograms* histograms = nullptr;  // Null: there are none.
  std::uint64_t max_series = 0;                 // Of a page; 0: no limit.
  // Since when counters count, where that is known: OpenMetrics and protobuf only.
  bool created = false;
};

// Appends the exposition in the text format. `proc` is only for process_* (PROC/self). A row
// without labels is not printed; no series is printed twice, whatever the snapshot holds.
void write_text(std::string& out, const Snapshot& snapshot, const SelfStats& self,
                const DirFd& proc, const TextOptions& options);

}  // namespace plimsoll::exporter
