// Which families a page shows: what the flags allow, and what one request asks for.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {

// --metrics.allow and --metrics.deny: names of families, with * and ? as in a shell. Without an
// allow list all are allowed; deny wins. kInvalidInput for a pattern that no family matches.
[[nodiscard]] Result<FamilySet> allowed_families(std::span<const std::string> allow,
                                                 std::span<const std::string> deny);

// What families can be chosen from.
struct FamilyOffer {
  cgroupfs::GroupSet groups;
  bool exporter_metrics = true;
  bool histograms = false;
  const FamilySet* allowed = nullptr;  // Null: all.
};

// collect[]= and exclude[]= (groups: cAdvisor's names, "always", "exporter", "histogram") and
// name[]= or name= (families, with * and ?): a family must be in all of the lists that were given.
// Other parameters are left alone. kInvalidInput for a group that is unknown or off, or a name that
// is no family here; the subject lists the known ones.
[[nodiscard]] Result<FamilySet> requested_families(
    std::span<const std::pair<std::string, std::string>> parameters, const FamilyOffer& offer);

// Does the request choose at all?
[[nodiscard]] bool chooses_families(
    std::span<const std::pair<std::string, std::string>> parameters);

}  // namespace plimsoll::exporter
