// What every stream of JSON objects shares: how one is framed, and where a client asks to begin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "http/server.h"

namespace plimsoll::exporter {

enum class StreamFormat : std::uint8_t {
  kNdjson,  // application/x-ndjson: one object a line.
  kSse      // text/event-stream: `event:` what it is, `id:` its sequence, `data:` the object.
};
// "ndjson" or "sse"; nothing for another word.
[[nodiscard]] std::optional<StreamFormat> stream_format_named(std::string_view name);

// Wraps one JSON object; `sequence` 0 has no id.
[[nodiscard]] std::string framed(StreamFormat format, std::string_view event,
                                 std::uint64_t sequence, std::string_view json);

// Status, type and what keeps proxies from collecting.
[[nodiscard]] http::Response stream_head(StreamFormat format);

struct Since {
  std::optional<std::uint64_t> sequence;
  std::optional<WallTime> time;
};
// "#123" (a sequence), "-5m" (an age), unix seconds, or an RFC 3339 time.
[[nodiscard]] Result<Since> parse_since(const std::string& text, WallTime now);

}  // namespace plimsoll::exporter
