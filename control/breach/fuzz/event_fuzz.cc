// Events as a client reads them.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "control/breach/encode.h"

using namespace plimsoll;
using namespace plimsoll::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_event(text);
  if (!read) {
    PLIMSOLL_CHECK(read.error().kind == ErrorKind::kMalformed);
    return 0;
  }
  if (!read->event) return 0;
  // What was understood is said again the same way.
  const auto again = parse_event(to_json(*read->event));
  PLIMSOLL_CHECK(again && again->event);
  PLIMSOLL_CHECK(again->event->id == read->event->id && again->event->kind == read->event->kind);
  (void)to_text(*again->event);
  PLIMSOLL_CHECK(framed(EventFormat::kSse, *again->event).ends_with("\n\n"));
  return 0;
}
