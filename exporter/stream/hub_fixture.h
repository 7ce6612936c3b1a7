// For tests of the hub: a client that keeps what it is sent, and snapshots of named containers.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporter/collect/rates.h"
#include "exporter/stream/hub.h"

namespace plimsoll::exporter {

class FakeStream final : public http::Stream {
 public:
  void write(std::shared_ptr<const std::string> frame) override {
    frames.push_back(std::move(frame));
  }
  [[nodiscard]] bool wait_for_room(std::size_t most) override { return pending() <= most; }
  [[nodiscard]] std::size_t pending() const override { return queued; }
  [[nodiscard]] bool closed() const override { return gone; }
  void finish() override { finished = true; }

  std::vector<std::shared_ptr<const std::string>> frames;
  std::size_t queued = 0;
  bool gone = false;
  bool finished = false;
};

inline SnapshotPtr snapshot(std::uint64_t sequence, std::vector<std::string> names) {
  auto made = std::make_shared<Snapshot>();
  made->sequence = sequence;
  made->taken = MonoTime(std::chrono::seconds(1000 + sequence));
  made->reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    inventory::Identity identity;
    identity.runtime = inventory::Runtime::kDocker;
    identity.id = "id-" + names[i];
    identity.cgroup = "/docker/" + identity.id;
    identity.name = names[i];
    identity.display = names[i];
    Row row;
    row.serial = i + 1;
    row.identity = std::make_shared<const inventory::Identity>(std::move(identity));
    made->rows.push_back(std::move(row));
    made->rates.push_back(no_rates());
    made->devices.start_row();
    made->interfaces.start_row();
    made->filesystems.start_row();
    made->hugetlb.start_row();
    made->numa.start_row();
    made->per_cpu_ns.start_row();
    made->set(cgroupfs::Field::kCpuUsage, i, sequence * 1'000'000'000);
  }
  return made;
}

inline StreamQuery query_for(std::vector<std::string> names,
                             std::chrono::nanoseconds interval = std::chrono::seconds(1)) {
  StreamQuery query;
  query.selection.names = std::move(names);
  query.interval = interval;
  return query;
}

}  // namespace plimsoll::exporter
