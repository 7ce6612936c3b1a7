// What parse_basic() accepts holds neither a NUL nor a colon in the name, and is shorter than what
// was sent.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/credentials.h"
#include "http/host_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using plimsoll::http::Door;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto credentials = plimsoll::http::parse_basic(text)) {
    PLIMSOLL_CHECK(credentials->user.find_first_of(std::string_view(":\0", 2)) ==
                   std::string::npos);
    PLIMSOLL_CHECK(credentials->password.find('\0') == std::string::npos);
    PLIMSOLL_CHECK(credentials->user.size() + credentials->password.size() < text.size());
  }
  const plimsoll::http::HostRule rule({"added.example"});
  const bool accepted = rule.accepts(text, {Door::Kind::kLoopback, "127.0.0.1"});
  PLIMSOLL_CHECK(!accepted || !plimsoll::http::name_in_host(text).empty());
  return 0;
}
