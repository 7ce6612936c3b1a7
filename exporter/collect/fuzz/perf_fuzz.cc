// Events of a PMU as sysfs describes them: the first line is a format, the rest an event's terms.
#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/collect/perf_names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::exporter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  Pmu pmu;
  pmu.format.emplace("event", std::string(text.substr(0, end)));
  static_cast<void>(encode_event(pmu, text.substr(std::min(end + 1, text.size()))));
  static_cast<void>(generic_event(text));
  return 0;
}
