// The page at "/": what this is, where the numbers are, and what runs here now. It is complete
// without scripts; page/page.js puts the live page in the place of the table.
#pragma once

#include <string>
#include <string_view>

#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// `snapshot` may be null (starting). `base`: the path that we are served under, "" mostly. Every
// text that comes from a container is escaped.
[[nodiscard]] std::string landing_page(const Snapshot* snapshot, std::string_view telemetry_path,
                                       std::string_view base = {});

}  // namespace plimsoll::exporter
