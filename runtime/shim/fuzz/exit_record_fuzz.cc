// A file that a crash may have left in any state.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/shim/exit_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::shim;
  const auto record = parse_exit_record({reinterpret_cast<const char*>(data), size});
  if (!record) return 0;
  const auto again = parse_exit_record(to_text(*record));
  PLIMSOLL_CHECK(again && *again == *record);
  return 0;
}
