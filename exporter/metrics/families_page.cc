// The exporter about the pages it writes for scrapes.
#include "exporter/metrics/families_self.h"

namespace plimsoll::exporter {

namespace {

void write_series_dropped(FamilyWriter& out, const Context& context) {
  out.count("", context.page.series_dropped_total);
}

void write_cgroups_dropped(FamilyWriter& out, const Context& context) {
  out.count("", context.page.rows_dropped);
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
using S = const SelfStats&;

constexpr Family kFamilies[] = {
    {{"plimsoll_series_dropped_total", kCounter, "", Group::kAlways, "",
      "Series left out of pages because of the limit on series.", "-", "-",
      "--metrics.max-series: all series of a container, or none."},
     write_series_dropped},
    {{"plimsoll_cgroups_dropped", kGauge, "", Group::kAlways, "",
      "Cgroups of which this page shows nothing because of the limit on series.", "-", "-", ""},
     write_cgroups_dropped},
    {{"plimsoll_scrape_stale", kGauge, "", Group::kAlways, "",
      "1 if this page shows an older sample because the new one was not ready in time.", "-", "-",
      "In time is the scrape timeout that Prometheus announces."},
     write_self<+[](S s) { return s.scrape_stale ? 1U : 0U; }>},
    {{"plimsoll_scrapes_stale_total", kCounter, "", Group::kAlways, "",
      "Pages with an older sample because the new one was not ready in time.", "-", "-", ""},
     write_self<+[](S s) { return s.scrapes_stale; }>},
};

}  // namespace

std::span<const Family> families_page() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
