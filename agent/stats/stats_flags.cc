#include "agent/stats/stats_flags.h"

#include <algorithm>

#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {

constexpr std::chrono::milliseconds kShortestInterval(100);

Result<> check_sources(const StatsFlags& flags) {
  if (flags.host && flags.local)
    return invalid_input("--local", "samples here, --host asks elsewhere: give one of them");
  if (!flags.prometheus) {
    if (flags.match.empty()) return {};
    return invalid_input("--match", "chooses among what --prometheus has: give that, too");
  }
  if (flags.host || flags.local)
    return invalid_input("--prometheus", "asks elsewhere: give no --host and no --local");
  if (flags.all)
    return invalid_input("--all", "nobody tells Prometheus of containers that do not run");
  return {};
}

// Which of the hosts a row is from comes first, unless the caller chose the columns.
void show_hosts(OutputFormat& format) {
  const auto is_host = [](const ColumnInfo* column) { return column->key == "host"; };
  if (std::ranges::none_of(format.columns, is_host))
    format.columns.insert(format.columns.begin(), find_column("host"));
}

}  // namespace

Result<StatsOptions> parse_stats_flags(const StatsFlags& flags) {
  StatsOptions options;
  ViewOptions& view = options.view;
  view.references = flags.references;
  view.filters = PLIMSOLL_TRY(Filters::parse(flags.filters));
  view.order = PLIMSOLL_TRY(parse_sort(flags.sort));
  view.format = PLIMSOLL_TRY(parse_output_format(flags.format, flags.columns));
  view.top = flags.top;
  view.total = flags.total;
  view.ids = flags.no_trunc ? IdText::kFull : IdText::kShort;
  view.numbers = flags.raw ? NumberText::kRaw : NumberText::kUnits;
  if (flags.all) view.visibility = Visibility::kAllContainers;
  if (flags.all_cgroups || view.filters.asks_beyond_containers())
    view.visibility = Visibility::kAllCgroups;
  // A store of numbers has none newer than the last scrape.
  const std::string word = flags.interval.value_or(flags.prometheus ? "5s" : "1s");
  const auto interval = exporter::parse_duration(word);
  if (!interval || *interval < kShortestInterval)
    return invalid_input("--interval",
                         "'" + word + "': give a time of at least 100ms, such as 1s or 500ms");
  PLIMSOLL_TRY(check_sources(flags));
  if (flags.prometheus && (flags.columns.empty() || flags.columns.starts_with('+')))
    show_hosts(view.format);
  options.source.interval = *interval;
  options.source.all_cgroups = view.needs_all_cgroups();
  options.frames = flags.no_stream ? 1 : flags.count;
  options.source.once = options.frames == 1;
  const bool for_programs =
      view.format.kind == OutputFormat::Kind::kJson || view.format.kind == OutputFormat::Kind::kCsv;
  options.redraw = !flags.no_reset && options.frames != 1 && !for_programs;
  return options;
}

}  // namespace plimsoll::agent
