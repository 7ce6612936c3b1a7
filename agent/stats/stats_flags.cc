#include "agent/stats/stats_flags.h"

#include "exporter/stream/select.h"

namespace plimsoll::agent {

namespace {
constexpr std::chrono::milliseconds kShortestInterval(100);
}

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
  const auto interval = exporter::parse_duration(flags.interval);
  if (!interval || *interval < kShortestInterval)
    return invalid_input("--interval", "'" + flags.interval +
                                           "': give a time of at least 100ms, such as 1s or 500ms");
  if (flags.host && flags.local)
    return invalid_input("--local", "samples here, --host asks elsewhere: give one of them");
  options.source.interval = *interval;
  options.source.all_cgroups = view.needs_all_cgroups();
  options.frames = flags.no_stream ? 1 : flags.count;
  options.source.once = options.frames == 1;
  options.redraw =
      !flags.no_reset && options.frames != 1 && view.format.kind != OutputFormat::Kind::kJson;
  return options;
}

}  // namespace plimsoll::agent
