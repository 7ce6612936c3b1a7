// Requests out of a byte stream, strictly: whatever two parsers could read differently is refused
// (the ground on which requests are smuggled past a proxy). No I/O; one object per connection.
//
// Boost.Beast's parser does the grammar of the head. It is lenient in places we are not: it folds
// continued lines, accepts equal repeated lengths and ignores transfer codings it does not know.
#pragma once

#include <cstddef>
#include <memory>
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

class RequestParser {
 public:
  explicit RequestParser(const ServerLimits& limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  enum class Stage {
    kHead,  // Needs more for the head.
    kBody,  // The head is complete, the body is not.
    kDone,  // take() the request, then next().
    kBad    // problem(); the connection must end after the answer.
  };

  // Adds bytes from the network.
  void append(std::string_view bytes);
  // Looks at what was added.
  Stage advance();

  // Nothing of a request has been seen: the connection is idle.
  [[nodiscard]] bool empty() const;
  // The client waits for "100 Continue" before it sends the body. True once per request.
  [[nodiscard]] bool take_expectation();
  // Bytes that were added and do not belong to the current request yet.
  [[nodiscard]] std::size_t buffered() const;

  [[nodiscard]] Request take();                  // Stage kDone.
  [[nodiscard]] Manner manner() const;           // From kBody on.
  [[nodiscard]] const Problem& problem() const;  // Stage kBad.
  // Begins the next request with what is left over.
  void next();

 private:
  class Impl;  // Holds the only Beast type.
  std::unique_ptr<Impl> impl_;
};

}  // namespace plimsoll::http
