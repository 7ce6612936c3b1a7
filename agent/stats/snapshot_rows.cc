#include "agent/stats/snapshot_rows.h"

#include <cmath>

#include "agent/stats/fields.h"
#include "agent/stats/row_numbers.h"

namespace plimsoll::agent {

namespace {

std::optional<double> known(float rate) {
  return std::isnan(rate) ? std::nullopt : std::optional<double>(rate);
}

}  // namespace

StatsRow identity_row(const inventory::Identity& identity) {
  StatsRow row;
  row.id = identity.id;
  row.name = identity.display;
  row.runtime = name_of(identity.runtime);
  row.image = identity.image;
  row.cgroup = identity.cgroup;
  row.container = short_id(identity.id);
  row.compose_project = identity.compose_project;
  row.compose_service = identity.compose_service;
  row.pod_name = identity.pod_name;
  row.pod_namespace = identity.pod_namespace;
  row.pod_container = identity.pod_container;
  row.labels = identity.labels;
  row.is_container = identity.is_container();
  row.sandbox = identity.sandbox;
  row.started = identity.started;
  return row;
}

StatsFrame frame_of(const exporter::Snapshot& snapshot) {
  StatsFrame frame;
  frame.time = snapshot.wall;
  for (std::size_t i = 0; i < snapshot.rows.size(); ++i) {
    const exporter::Row& source = snapshot.rows[i];
    if (!source.identity) continue;
    StatsRow row = identity_row(*source.identity);
    if (source.created != WallTime{}) row.created = source.created;
    if (snapshot.machine) row.machine_memory = snapshot.machine->memory_bytes;
    if (i < snapshot.rates.size()) {
      const exporter::Rates& rates = snapshot.rates[i];
      row.cpu_cores = known(rates.cpu_cores);
      row.throttled = known(rates.throttled_ratio);
      row.psi_cpu = known(rates.psi_cpu_some);
      row.psi_memory = known(rates.psi_memory_full);
      row.psi_io = known(rates.psi_io_full);
    }
    frame.rows.push_back(with_numbers(std::move(row), {.limit = [&](cgroupfs::Field field) {
                                        return snapshot.limit(field, i);
                                      }}));
  }
  return frame;
}

}  // namespace plimsoll::agent
