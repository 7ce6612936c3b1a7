#include "exporter/stream/parameters.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace plimsoll::exporter {

namespace {

// What parse_selection() reads.
constexpr std::array<std::string_view, 7> kSelection = {"all",   "name",  "id",    "runtime",
                                                        "image", "label", "cgroup"};

}  // namespace

Result<> refuse_unknown(Parameters parameters, Selects selects,
                        std::initializer_list<std::string_view> own) {
  std::vector<std::string_view> known(own);
  if (selects == Selects::kContainers)
    known.insert(known.end(), kSelection.begin(), kSelection.end());
  for (const auto& [name, value] : parameters) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string text = "'" + name + "' is no parameter here; there is";
    for (const std::string_view each : known)
      text.append(each == known.front() ? " " : ", ").append(each);
    return invalid_input("query", std::move(text));
  }
  return {};
}

}  // namespace plimsoll::exporter
