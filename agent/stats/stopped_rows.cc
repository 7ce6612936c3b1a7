#include "agent/stats/stopped_rows.h"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "agent/stats/snapshot_rows.h"

namespace plimsoll::agent {

Result<std::unique_ptr<StoppedRows>> StoppedRows::create(const exporter::SamplerConfig& config) {
  DirFd proc = PLIMSOLL_TRY(open_dir(config.proc_root.c_str()));
  return std::unique_ptr<StoppedRows>(new StoppedRows(std::move(proc), config.inventory));
}

void StoppedRows::add(StatsFrame& frame) {
  std::unordered_set<std::string_view> running;
  for (const StatsRow& row : frame.rows) running.insert(row.id);
  std::vector<StatsRow> stopped;
  for (const inventory::Identity& identity : kept_.list()) {
    if (running.contains(identity.id)) continue;
    StatsRow row = identity_row(identity);
    row.created = identity.created;
    stopped.push_back(std::move(row));
  }
  frame.rows.insert(frame.rows.end(), std::make_move_iterator(stopped.begin()),
                    std::make_move_iterator(stopped.end()));
}

}  // namespace plimsoll::agent
