// The listening address a client came in by.
#pragma once

#include <cstdint>
#include <string>

namespace plimsoll::http {

struct Door {
  enum class Kind : std::uint8_t { kUnix, kLoopback, kOther };
  Kind kind = Kind::kOther;
  std::string host;  // As the address was given, without port and brackets; "" = all addresses.
};

}  // namespace plimsoll::http
