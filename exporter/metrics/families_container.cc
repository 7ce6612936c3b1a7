// What we say about containers beyond cAdvisor's families.
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

// One series per container that carries everything else known about it, for joins on id.
void write_info(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = context.snapshot.rows[row].identity;
    if (!identity || !identity->is_container()) return;
    out.count(labels, 1,
              {{"runtime", name_of(identity->runtime)},
               {"runtime_id", identity->id},
               {"compose_project", identity->compose_project},
               {"compose_service", identity->compose_service}});
  });
}

constexpr auto kGauge = FamilyType::kGauge;

constexpr Family kFamilies[] = {
    {{"plimsoll_container_info", kGauge, "", Group::kAlways,
      "runtime,runtime_id,compose_project,compose_service",
      "What is known about a container; the value is always 1. Join on id.", "runtime's record",
      "runtime's record", "Labels without a value are left out."},
     write_info},
};

}  // namespace

std::span<const Family> families_container() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
