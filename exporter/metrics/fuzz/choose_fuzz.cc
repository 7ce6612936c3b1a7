// Input: lines "parameter=value" of a query, and a first byte that says what is on.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/choose.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::exporter;  // NOLINT
  if (size == 0 || size > 4096) return 0;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string_view line;
  while (plimsoll::next_line(text, line)) {
    const std::size_t equals = std::min(line.find('='), line.size());
    parameters.emplace_back(line.substr(0, equals), line.substr(std::min(line.size(), equals + 1)));
  }
  FamilyOffer offer;
  offer.groups = (data[0] & 1U) != 0 ? plimsoll::cgroupfs::GroupSet::all()
                                     : plimsoll::cgroupfs::GroupSet::defaults();
  offer.exporter_metrics = (data[0] & 2U) != 0;
  offer.histograms = (data[0] & 4U) != 0;
  const auto all = requested_families({}, offer);
  const auto chosen = requested_families(parameters, offer);
  require(all.has_value());
  if (!chosen) {
    // The message names the parameter and what there is.
    require(chosen.error().kind == plimsoll::ErrorKind::kInvalidInput);
    require(chosen.error().subject.find("known: ") != std::string::npos);
    require(chooses_families(parameters));
    return 0;
  }
  require(chosen->size() == catalogue().size());
  for (std::size_t i = 0; i < chosen->size(); ++i) require(!(*chosen)[i] || (*all)[i]);
  if (!chooses_families(parameters)) require(*chosen == *all);
  return 0;
}
