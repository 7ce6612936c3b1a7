// Requests out of a byte stream, strictly: whatever two parsers could read differently is refused
// (the ground on which requests are smuggled past a proxy). No I/O; one object per connection. How
// the bytes are cut into reads changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/body_decoder.h"
#include "http/head_scan.h"
#include "http/request_head.h"
#include "http/server.h"

namespace plimsoll::http {

class RequestParser {
 public:
  explicit RequestParser(const ServerLimits& limits) : limits_(limits) {}

  enum class Stage {
    kHead,    // Needs more for the head.
    kHeaded,  // The head is complete, and a body follows: accept_body(). Only with hold_bodies().
    kBody,    // The head is complete, the body is not.
    kDone,    // take() the request, then next().
    kBad      // problem(); the connection must end after the answer.
  };

  // From now on, how large a body may be is said when its head is known.
  void hold_bodies() { holds_ = true; }
  void accept_body(std::uint64_t most);

  // Adds bytes from the network.
  void append(std::string_view bytes) { buffer_.append(bytes); }
  // Looks at what was added.
  Stage advance();

  // Nothing of a request has been seen: the connection is idle.
  [[nodiscard]] bool empty() const { return stage_ == Stage::kHead && buffer_.empty(); }
  // The client waits for "100 Continue" before it sends the body. True once per request.
  [[nodiscard]] bool take_expectation();
  // Bytes that were added and do not belong to the current request yet.
  [[nodiscard]] std::size_t buffered() const { return buffer_.size(); }

  [[nodiscard]] const Request& request() const { return head_.request; }  // From kHeaded on.
  // What came of the body since the last call; take() has the rest.
  [[nodiscard]] std::string take_body() { return std::exchange(head_.request.body, {}); }
  [[nodiscard]] std::size_t body_size() const { return head_.request.body.size(); }
  // Bytes that came behind the request, and belong to no other any more.
  [[nodiscard]] std::string take_rest() { return std::exchange(buffer_, {}); }
  [[nodiscard]] Request take() { return std::move(head_.request); }    // Stage kDone.
  [[nodiscard]] const Manner& manner() const { return head_.manner; }  // From kBody on.
  [[nodiscard]] const Problem& problem() const { return problem_; }    // Stage kBad.
  // Begins the next request with what is left over.
  void next();

 private:
  void advance_head();
  void parse_head(std::string_view head);
  void advance_body();
  void refuse(Problem problem);

  ServerLimits limits_;
  std::string buffer_;
  Stage stage_ = Stage::kHead;
  HeadScan scan_;
  bool skipped_line_ = false;
  RequestHead head_;
  BodyDecoder body_ = BodyDecoder::of_length(0);
  std::uint64_t most_ = 0;  // Of the body.
  bool holds_ = false;
  Problem problem_;
};

}  // namespace plimsoll::http
