// The exporter about its sampling: build, collectors, sampler, tree, reader.
#include "exporter/metrics/families_self.h"

#include <numeric>

namespace plimsoll::exporter {

namespace {

void write_build_info(FamilyWriter& out, const Context&) {
  out.count("", 1, {{"version", PLIMSOLL_VERSION}});
}

void write_duration(FamilyWriter& out, const Context& context) {
  constexpr auto& kBounds = DurationHistogram::kBounds;
  for (const CollectorStats& collector : context.self.collectors) {
    const DurationHistogram& histogram = collector.duration;
    std::array<std::uint64_t, kBounds.size()> cumulative{};
    std::partial_sum(histogram.buckets.begin(), histogram.buckets.begin() + kBounds.size(),
                     cumulative.begin());
    out.histogram("", {kBounds, cumulative, histogram.sum, histogram.count},
                  {{"collector", collector.name}});
  }
}

void write_success(FamilyWriter& out, const Context& context) {
  for (const CollectorStats& collector : context.self.collectors)
    out.count("", collector.success ? 1 : 0, {{"collector", collector.name}});
}

void write_failures(FamilyWriter& out, const Context& context) {
  for (const CollectorStats& collector : context.self.collectors)
    out.count("", collector.failures, {{"collector", collector.name}});
}

void write_age(FamilyWriter& out, const Context& context) {
  if (!context.options.now) return;
  const auto age = *context.options.now - context.snapshot.taken;
  out.seconds("", age.count() > 0 ? static_cast<std::uint64_t>(age.count()) : 0);
}

template <std::map<std::string, std::uint64_t, std::less<>> cgroupfs::ReaderStats::* kMember>
void write_by_file(FamilyWriter& out, const Context& context) {
  for (const auto& [file, count] : context.self.reader.*kMember)
    out.count("", count, {{"file", file}});
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
constexpr auto kHistogram = FamilyType::kHistogram;
using S = const SelfStats&;

constexpr Family kFamilies[] = {
    {{"plimsoll_build_info", kGauge, "", Group::kAlways, "version",
      "The exporter's version; the value is always 1.", "-", "-", ""},
     write_build_info},
    {{"plimsoll_collector_duration_seconds", kHistogram, "seconds", Group::kAlways, "collector",
      "How long each collector took per sample.", "-", "-", ""},
     write_duration},
    {{"plimsoll_collector_success", kGauge, "", Group::kAlways, "collector",
      "1 if the collector worked in the last sample, 0 otherwise.", "-", "-", ""},
     write_success},
    {{"plimsoll_collector_failures_total", kCounter, "", Group::kAlways, "collector",
      "Samples in which the collector failed.", "-", "-", ""},
     write_failures},
    {{"plimsoll_sampler_ticks_total", kCounter, "", Group::kAlways, "", "Samples taken.", "-", "-",
      ""},
     write_self<+[](S s) { return s.ticks; }>},
    {{"plimsoll_sampler_late_ticks_total", kCounter, "", Group::kAlways, "",
      "Samples that began more than half an interval late.", "-", "-", ""},
     write_self<+[](S s) { return s.late_ticks; }>},
    {{"plimsoll_sampler_lag_seconds", kGauge, "seconds", Group::kAlways, "",
      "How late the last sample began.", "-", "-", ""},
     write_self<+[](S s) { return s.lag_seconds; }>},
    {{"plimsoll_sampler_interval_seconds", kGauge, "seconds", Group::kAlways, "",
      "Interval at which samples are taken.", "-", "-", ""},
     write_self<+[](S s) { return s.interval_seconds; }>},
    {{"plimsoll_snapshot_age_seconds", kGauge, "seconds", Group::kAlways, "",
      "Age of the sample that this page shows.", "-", "-", ""},
     write_age},
    {{"plimsoll_cgroups", kGauge, "", Group::kAlways, "", "Cgroups known now.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.cgroups; }>},
    {{"plimsoll_cgroups_skipped", kGauge, "", Group::kAlways, "",
      "Cgroups left out because the tree is too deep or too large.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.skipped; }>},
    {{"plimsoll_cgroups_unreadable_total", kCounter, "", Group::kAlways, "",
      "Cgroup directories that could not be opened.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.unreadable; }>},
    {{"plimsoll_cgroup_watches", kGauge, "", Group::kAlways, "",
      "Inotify watches on cgroup directories.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.watches; }>},
    {{"plimsoll_cgroup_watches_refused", kGauge, "", Group::kAlways, "",
      "Cgroup directories without a watch because of a limit: changes there are seen by the rescan "
      "only.",
      "-", "-", ""},
     write_self<+[](S s) { return s.tree.watches_refused; }>},
    {{"plimsoll_cgroup_rescans_total", kCounter, "", Group::kAlways, "",
      "Full walks of the cgroup tree.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.rescans; }>},
    {{"plimsoll_inotify_overflows_total", kCounter, "", Group::kAlways, "",
      "Overflows of the inotify queue, each followed by a rescan.", "-", "-", ""},
     write_self<+[](S s) { return s.tree.overflows; }>},
    {{"plimsoll_reader_held_files", kGauge, "", Group::kAlways, "", "Cgroup files held open.", "-",
      "-", ""},
     write_self<+[](S s) { return s.reader.held; }>},
    {{"plimsoll_reader_held_files_per_cgroup", kGauge, "", Group::kAlways, "",
      "Cgroup files that may be held open per cgroup at the moment.", "-", "-", ""},
     write_self<+[](S s) { return s.reader.held_per_cgroup; }>},
    {{"plimsoll_reader_held_kernel_bytes", kGauge, "bytes", Group::kAlways, "",
      "Estimate of the kernel memory that the held files cost.", "-", "-", ""},
     write_self<+[](S s) { return s.reader.kernel_bytes; }>},
    {{"plimsoll_reader_file_reads_total", kCounter, "", Group::kAlways, "", "Cgroup files read.",
      "-", "-", ""},
     write_self<+[](S s) { return s.reader.reads; }>},
    {{"plimsoll_reader_file_opens_total", kCounter, "", Group::kAlways, "",
      "Cgroup files opened in order to be read.", "-", "-", ""},
     write_self<+[](S s) { return s.reader.opens; }>},
    {{"plimsoll_reader_idle_skips_total", kCounter, "", Group::kAlways, "",
      "Times that a cgroup was found idle and not read in full.", "-", "-", ""},
     write_self<+[](S s) { return s.reader.idle; }>},
    {{"plimsoll_reader_gone_total", kCounter, "", Group::kAlways, "",
      "Cgroups that vanished while they were read.", "-", "-", ""},
     write_self<+[](S s) { return s.reader.gone; }>},
    {{"plimsoll_reader_malformed_total", kCounter, "", Group::kAlways, "file",
      "Kernel texts that were not understood, by file.", "-", "-", ""},
     write_by_file<&cgroupfs::ReaderStats::malformed>},
    {{"plimsoll_reader_denied_total", kCounter, "", Group::kAlways, "file",
      "Kernel files that could not be read for lack of permission, by file.", "-", "-", ""},
     write_by_file<&cgroupfs::ReaderStats::denied>},
};

}  // namespace

std::span<const Family> families_self() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
