// Whatever parse_target() and parse_address() accept keeps their promises.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/address.h"
#include "http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = plimsoll::http::parse_target(text)) {
    const std::string framed = target->path + "/";
    PLIMSOLL_CHECK(framed.starts_with('/'));
    PLIMSOLL_CHECK(framed.find('\0') == std::string::npos);
    PLIMSOLL_CHECK(framed.find("/../") == std::string::npos);
    PLIMSOLL_CHECK(framed.find("/./") == std::string::npos);
    for (const auto& [name, value] : target->query) {
      PLIMSOLL_CHECK(name.find('\0') == std::string::npos);
      PLIMSOLL_CHECK(value.find('\0') == std::string::npos);
    }
  }
  using Kind = plimsoll::http::Address::Kind;
  if (const auto address = plimsoll::http::parse_address(text)) {
    PLIMSOLL_CHECK((address->kind == Kind::kUnix) == !address->path.empty());
    PLIMSOLL_CHECK(address->path.size() < 108);  // What fits into a sockaddr_un.
    PLIMSOLL_CHECK(address->host.find_first_of(" []/") == std::string::npos);
  }
  return 0;
}
