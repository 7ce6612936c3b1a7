// The client's parser: any bytes, cut anywhere, give the same body or the same refusal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/response_parser.h"

namespace {

using plimsoll::http::ResponseHead;
using plimsoll::http::ResponseParser;

std::string read_all(std::string_view bytes, std::size_t step) {
  std::string log;
  ResponseParser parser([&](const ResponseHead&, std::string_view piece) {
    log += piece;
    return log.size() < 64;
  });
  while (!bytes.empty()) {
    const auto progress = parser.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (!progress) return "malformed";
    if (*progress == ResponseParser::Progress::kEnough) return "enough";
    if (*progress == ResponseParser::Progress::kDone)
      return log + "|" + std::to_string(parser.head().status);
  }
  return parser.end() ? log + "|end" : "malformed";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  PLIMSOLL_CHECK(read_all(bytes, bytes.size() + 1) == read_all(bytes, 1));
  return 0;
}
