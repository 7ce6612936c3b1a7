#include "exporter/stream/frame.h"

#include "base/number.h"
#include "base/text.h"
#include "exporter/stream/select.h"

namespace plimsoll::exporter {

std::optional<StreamFormat> stream_format_named(std::string_view name) {
  if (name == "sse") return StreamFormat::kSse;
  if (name == "ndjson") return StreamFormat::kNdjson;
  return std::nullopt;
}

std::string framed(StreamFormat format, std::string_view event, std::uint64_t sequence,
                   std::string_view json) {
  std::string frame;
  frame.reserve(json.size() + 64);
  if (format == StreamFormat::kSse) {
    frame.append("event: ").append(event).append("\n");
    if (sequence != 0) frame.append("id: ").append(std::to_string(sequence)).append("\n");
    frame.append("data: ").append(json).append("\n\n");
  } else {
    frame.append(json).append("\n");
  }
  return frame;
}

http::Response stream_head(StreamFormat format) {
  http::Response head;
  head.content_type = format == StreamFormat::kSse ? "text/event-stream" : "application/x-ndjson";
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // Proxies must not collect a stream.
  return head;
}

Result<Since> parse_since(const std::string& text, WallTime now) {
  const std::string_view view = text;
  if (view.starts_with('#')) {
    if (const auto sequence = to_number<std::uint64_t>(view.substr(1)))
      return Since{.sequence = sequence};
  } else if (view.starts_with('-')) {
    if (const auto age = parse_duration(view.substr(1))) return Since{.time = now - *age};
  } else if (const auto time = parse_rfc3339(view)) {
    return Since{.time = time};
  } else if (view.find_first_not_of("0123456789.") == std::string_view::npos) {
    if (const auto seconds = parse_duration(view)) return Since{.time = WallTime(*seconds)};
  }
  return invalid_input("query", "since=" + text +
                                    ": give a sequence (#123), an age (-5m), unix seconds or an "
                                    "RFC 3339 time");
}

}  // namespace plimsoll::exporter
