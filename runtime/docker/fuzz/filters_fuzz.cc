// Filters from anybody: parsed or refused, and then asked everything.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/docker/filters.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plimsoll::docker::Filters;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filters = Filters::parse(text, {"label", "name", "dangling"});
  if (!filters) {
    PLIMSOLL_CHECK(!filters.error().message.empty());
    return 0;
  }
  for (const auto& value : filters->values("name")) {
    PLIMSOLL_CHECK(filters->admits("name", value));
    PLIMSOLL_CHECK(filters->admits_part("name", "x" + value + "y"));
    PLIMSOLL_CHECK(filters->admits_beginning("name", value + "z"));
  }
  (void)filters->flag("dangling");
  (void)filters->admits_labels("label", {{"a", "b"}});
  return 0;
}
