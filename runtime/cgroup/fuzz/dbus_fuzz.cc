// What comes over the socket to systemd, in one piece or two: the first byte says where it is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "base/error.h"
#include "runtime/cgroup/dbus_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::runtime;
  if (size == 0) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string received;
  const std::size_t cut = std::min<std::size_t>(data[0], all.size());
  for (const std::string_view part : {all.substr(0, cut), all.substr(cut)}) {
    received += part;
    for (;;) {
      const std::size_t before = received.size();
      const auto message = take_message(received);
      if (!message) {
        PLIMSOLL_CHECK(message.error().kind == plimsoll::ErrorKind::kMalformed);
        return 0;
      }
      if (!*message) break;
      PLIMSOLL_CHECK(received.size() < before);
      PLIMSOLL_CHECK((*message)->body.size() <= size);
      BusReader reader((*message)->body);
      if (reader.u32()) std::ignore = reader.string();
    }
  }
  return 0;
}
