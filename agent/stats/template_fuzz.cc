// Any bytes as a --format template: parse() must not crash, and what it accepts must render.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/stats/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::agent;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto format = parse_output_format(text, "");
  if (!format) {
    // A refusal is about the input and says where.
    if (format.error().kind != plimsoll::ErrorKind::kInvalidInput) std::abort();
    if (!format.error().subject.starts_with("column ")) std::abort();
    return 0;
  }
  StatsRow row;
  row.id = "0123456789abcdef";
  row.name = "web";
  row.cpu_cores = 0.5;
  static_cast<void>(render(*format, {row, StatsRow()}, TextStyle(), 80));
  return 0;
}
