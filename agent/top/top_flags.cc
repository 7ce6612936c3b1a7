#include "agent/top/top_flags.h"

#include <algorithm>

#include "exporter/stream/select.h"

namespace plimsoll::agent::top {

namespace {
constexpr std::chrono::milliseconds kShortestInterval(100);
}

Result<TopOptions> parse_top_flags(const TopFlags& flags) {
  TopOptions options;
  ListOptions& list = options.model.list;
  list.sort = PLIMSOLL_TRY(find_sort_column(flags.sort));
  for (const std::string& word : flags.filters)
    options.model.filter += (options.model.filter.empty() ? "" : " ") + word;
  list.search = PLIMSOLL_TRY(Search::parse(options.model.filter));
  if (flags.tree) list.tree = Tree::kOwners;
  if (flags.all_cgroups) list.visibility = Visibility::kAllCgroups;
  const auto interval = exporter::parse_duration(flags.interval);
  if (!interval || *interval < kShortestInterval)
    return invalid_input("--interval", "'" + flags.interval +
                                           "': give a time of at least 100ms, such as 1s or 500ms");
  const auto colour = colour_choice(flags.colour);
  if (!colour) return invalid_input("--color", "give auto, always or never");
  if (flags.host && flags.local)
    return invalid_input("--local", "samples here, --host asks elsewhere: give one of them");
  options.colour = *colour;
  options.model.interval = *interval;
  options.source.interval = *interval;
  options.source.all_cgroups = flags.all_cgroups;
  return options;
}

}  // namespace plimsoll::agent::top
