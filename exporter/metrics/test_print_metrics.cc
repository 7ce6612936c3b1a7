// For tests and documents: prints the exposition of a snapshot made by hand, or the catalogue.
//   plimsoll_print_metrics --docs > docs/metrics.md
//   plimsoll_print_metrics | promtool check metrics
#include <cstdio>
#include <string_view>

#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

using namespace plimsoll;            // NOLINT: a main of forty lines.
using namespace plimsoll::exporter;  // NOLINT

namespace {

// Something of everything: both versions, hostile names, an IO scheduler that counts, tombstones.
std::string everything() {
  std::vector<SampleRow> rows{host_row(), container_row("one", 1), container_row("two", 2),
                              container_row("x\"} 1\nevil{a=\"\\\xff", 2)};
  cgroupfs::DeviceIo& io = rows[2].sample.devices[0];
  io.reads_merged = io.writes_merged = io.queued = io.read_time_ns = io.write_time_ns = 1;
  io.service_time_ns = io.cost_usage_ns = io.cost_wait_ns = io.cost_indebt_ns = 1;
  io.cost_indelay_ns = 1;
  const auto snapshot = make_snapshot(std::move(rows));
  auto gone = std::make_shared<inventory::Identity>();
  gone->cgroup = "/docker/gone";
  std::uint64_t collisions = 0;
  snapshot->tombstones.push_back(
      {gone, std::make_shared<std::string>(render_labels(*gone, {}, collisions)), 1'600'000'000});
  const DirFd proc = open_dir("/proc").value_or(DirFd());
  std::string out;
  write_text(out, *snapshot, sample_self(), proc,
             {.groups = cgroupfs::GroupSet::all(), .now = snapshot->taken});
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const bool docs = argc > 1 && std::string_view(argv[1]) == "--docs";
  const std::string text = docs ? catalogue_markdown() : everything();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
