// The textual parts of answers: status lines, dates, the head of a response. Pure functions; the
// framing headers (Content-Length, Transfer-Encoding, Connection, Upgrade, Date) are written here
// and nowhere else.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.h"

namespace plimsoll::http {

// "Not Found"; "Unknown" for a number nobody defined.
[[nodiscard]] std::string_view reason_of(int status);

// A response to which no body belongs, whatever the handler attached (RFC 9110: 1xx, 204, 304).
[[nodiscard]] bool is_bodiless(int status);

// "Fri, 20 Nov 2026 23:33:55 GMT" (RFC 9110, IMF-fixdate), independent of the locale.
[[nodiscard]] std::string http_date(std::time_t time);

// How the end of a body is told to the client.
enum class Framing {
  kLength,    // Content-Length.
  kChunked,   // HTTP/1.1 streams.
  kUntilEof,  // HTTP/1.0 streams: the end of the connection is the end of the body.
  kUpgrade    // No HTTP follows.
};
enum class Persistence { kClose, kKeepAlive, kKeepAliveImplied };

struct HeadStyle {
  Framing framing = Framing::kLength;
  Persistence persistence = Persistence::kKeepAliveImplied;
};

// Status line and headers up to and including the empty line. Control characters in what a handler
// supplied become spaces, so that no value can end a line. Of `defaults` those are added that the
// response does not set itself.
[[nodiscard]] std::string response_head(
    const Response& response, HeadStyle style, std::string_view date,
    std::span<const std::pair<std::string, std::string>> defaults = {});

}  // namespace plimsoll::http
