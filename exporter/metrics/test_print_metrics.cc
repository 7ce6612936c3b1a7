// For tests and documents: prints the exposition of a snapshot made by hand, or the catalogue.
//   plimsoll_print_metrics --docs > docs/metrics.md
//   plimsoll_print_metrics --openmetrics|--protobuf [--created]
//   plimsoll_print_metrics | promtool check metrics
#include <cstdio>
#include <string_view>

#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

using namespace plimsoll;            // NOLINT: a main of forty lines.
using namespace plimsoll::exporter;  // NOLINT

namespace {

// Something of everything: both versions, hostile names, an IO scheduler that counts, tombstones.
std::string everything(Format format, TextOptions options) {
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
  options.groups = cgroupfs::GroupSet::all();
  options.now = snapshot->taken;
  const auto histograms = sample_histograms(*snapshot);
  options.histograms = histograms.get();
  PageWriter().write(out, format, {*snapshot, sample_self(), proc}, options);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  std::string text;
  Format format = Format::kText;
  TextOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--docs") text = catalogue_markdown();
    if (word == "--openmetrics") format = Format::kOpenMetrics;
    if (word == "--protobuf") format = Format::kProtobuf;
    if (word == "--created") options.created = true;
  }
  if (text.empty()) text = everything(format, options);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
