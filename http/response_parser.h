// Responses out of a byte stream, for the client. No I/O.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace plimsoll::http {

struct ResponseHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in lower case.
};

class ResponseParser {
 public:
  // Gets each piece of the body together with the head; false = enough, feed() then says kEnough.
  using BodySink = std::function<bool(const ResponseHead&, std::string_view)>;

  explicit ResponseParser(BodySink sink);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  enum class Progress { kMore, kDone, kEnough };
  // Interim answers (1xx) are skipped. kMalformed when it is not HTTP.
  [[nodiscard]] Result<Progress> feed(std::string_view bytes);
  // The server closed the connection: right for a body without a length, else kMalformed.
  [[nodiscard]] Result<> end();

  [[nodiscard]] const ResponseHead& head() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plimsoll::http
