// What people write for a knob: the first byte chooses the knob, the rest is the text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::limit {
namespace {

void check(Knob knob, std::string_view text, const Host& host) {
  const auto setting = parse_setting(knob, text, host);
  if (!setting) return PLIMSOLL_CHECK(setting.error().kind == ErrorKind::kInvalidInput);
  // What is printed reads as the same, fits a Limits, and has no line of its own.
  const std::string printed = to_text(*setting);
  PLIMSOLL_CHECK(printed.find('\n') == std::string::npos);
  const auto again = parse_setting(knob, printed, host);
  PLIMSOLL_CHECK(again && *again == *setting);
  const auto limits = with({}, *setting);
  PLIMSOLL_CHECK(limits && settings_of(*limits).size() == 1);
}

}  // namespace
}  // namespace plimsoll::limit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::limit;
  if (size == 0) return 0;
  const Knob knob = catalogue()[data[0] % kKnobCount].knob;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(knob, text, {});
  check(knob, text, {.memory_bytes = 1ULL << 33, .cpus = 2, .pids = 32'768});
  if (const auto unset = parse_unset(knob, text); unset)
    PLIMSOLL_CHECK(with({}, *unset).has_value());
  return 0;
}
