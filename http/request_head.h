// The head of a request: grammar by Boost.Beast, and our rules where Beast is lenient (it accepts
// equal repeated lengths, ignores transfer codings it does not know, needs no Host). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/server.h"

namespace plimsoll::http {

// Why a request was refused: the status to answer with, and a word for the person who sent it.
struct Problem {
  int status = 400;
  std::string text;
};

// What the head says about the exchange, beyond the request itself.
struct Manner {
  bool http_1_1 = true;
  bool keep_alive = true;
};

struct RequestHead {
  Request request;  // Without body and peer.
  Manner manner;
  bool expects_continue = false;
  bool is_chunked = false;
  std::uint64_t length = 0;  // Of the body, unless chunked.
};

// `head` ends with the empty line and has neither bare LF nor continued lines (see HeadScan).
[[nodiscard]] std::expected<RequestHead, Problem> parse_request_head(std::string_view head,
                                                                     std::size_t max_fields);

}  // namespace plimsoll::http
