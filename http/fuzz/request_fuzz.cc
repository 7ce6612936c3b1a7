// The whole path from bytes to requests, pipelined: how the bytes are cut into reads must not
// change what is read from them, and what is accepted keeps the parser's promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/request_parser.h"

namespace {

using plimsoll::http::Request;
using plimsoll::http::RequestParser;
using Stage = RequestParser::Stage;

constexpr plimsoll::http::ServerLimits kLimits{
    .header_bytes = 256, .header_count = 6, .body_bytes = 64};

void check(const Request& request) {
  PLIMSOLL_CHECK(request.path.starts_with('/'));
  PLIMSOLL_CHECK(request.path.find('\0') == std::string::npos);
  PLIMSOLL_CHECK(request.body.size() <= kLimits.body_bytes);
  PLIMSOLL_CHECK(request.headers.size() <= kLimits.header_count);
  std::size_t framing = 0;
  for (const auto& [name, value] : request.headers) {
    PLIMSOLL_CHECK(!name.empty() && name.find_first_of("ABCXYZ :\r\n") == std::string::npos);
    PLIMSOLL_CHECK(value.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
    if (name == "content-length" || name == "transfer-encoding") ++framing;
  }
  PLIMSOLL_CHECK(framing <= 1);
}

void add(std::string& log, std::string_view text) {
  log += text;
  log += '|';
}

enum class Bodies { kWhole, kInPieces };

// Everything that can be told from the bytes, as one text.
std::string read_all(std::string_view bytes, std::size_t step, Bodies bodies = Bodies::kWhole) {
  std::string log;
  std::string body;
  RequestParser parser(kLimits);
  if (bodies == Bodies::kInPieces) parser.hold_bodies();
  for (;;) {
    const Stage stage = parser.advance();
    if (stage == Stage::kHeaded) {
      parser.accept_body(kLimits.body_bytes);
      continue;
    }
    if (bodies == Bodies::kInPieces) body += parser.take_body();
    if (stage == Stage::kBad) {
      add(log, "refused " + std::to_string(parser.problem().status));
      return log;
    }
    if (stage == Stage::kDone) {
      const Request request = parser.take();
      check(request);
      add(log, request.method);
      add(log, request.path);
      for (const auto& [name, value] : request.headers) add(log, name + "=" + value);
      add(log, std::exchange(body, {}) + request.body);
      add(log, parser.manner().keep_alive ? "keep" : "close");
      parser.next();
      continue;
    }
    PLIMSOLL_CHECK(parser.buffered() <= kLimits.header_bytes);
    if (bytes.empty()) break;
    parser.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  add(log, parser.empty() ? "idle" : "unfinished");
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read_all(bytes, bytes.size() + 1);
  PLIMSOLL_CHECK(whole == read_all(bytes, 1));
  PLIMSOLL_CHECK(whole == read_all(bytes, std::size_t{1} + data[0]));
  PLIMSOLL_CHECK(whole == read_all(bytes, std::size_t{1} + data[0], Bodies::kInPieces));
  return 0;
}
