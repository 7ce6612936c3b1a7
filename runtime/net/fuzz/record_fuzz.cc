// Any text as a record: what is accepted is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/net/record.h"

using namespace plimsoll::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto network = decode_network(text)) {
    const std::string once = encode(*network);
    const auto again = decode_network(once);
    PLIMSOLL_CHECK(again && encode(*again) == once);
  }
  if (const auto container = decode_container(text)) {
    const std::string once = encode(*container);
    const auto again = decode_container(once);
    PLIMSOLL_CHECK(again && encode(*again) == once);
  }
  return 0;
}
