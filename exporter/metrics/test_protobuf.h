// For tests: reads a page in protobuf back, strictly, into the shape of a text page. Written from
// the schema and not from our writer.
#pragma once

#include <string_view>

#include "exporter/metrics/test_exposition.h"

namespace plimsoll::exporter {

// Values are printed with 17 digits. Histograms become _bucket, _sum and _count as in text; native
// buckets are checked against the count and left out.
[[nodiscard]] Exposition parse_protobuf(std::string_view bytes);

}  // namespace plimsoll::exporter
