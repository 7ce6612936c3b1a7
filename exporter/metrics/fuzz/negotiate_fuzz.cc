// Input: a header's value.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/metrics/header_list.h"
#include "exporter/metrics/negotiate.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::exporter;  // NOLINT
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  for (const HeaderElement& element : parse_header_list(header)) {
    require(element.q >= 0 && element.q <= 1);
    require(!element.value.empty());
    for (const HeaderParameter& parameter : element.parameters) require(!parameter.name.empty());
  }
  const auto format = choose_format(header);
  const auto coding = choose_coding(header);
  // One more wildcard at the end cannot make anything unacceptable that was acceptable before.
  const std::string more = std::string(header) + ",*/*;q=0.001,*;q=0.001";
  if (header.find('"') == std::string_view::npos) {
    if (format) require(choose_format(more).has_value());
    if (coding) require(choose_coding(more).has_value());
  }
  return 0;
}
