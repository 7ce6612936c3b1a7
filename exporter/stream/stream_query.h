// What a client of /api/v1/stream asks for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cgroupfs/read/field.h"
#include "exporter/stream/frame.h"
#include "exporter/stream/select.h"
#include "http/server.h"

namespace plimsoll::exporter {

struct StreamQuery {
  Selection selection;
  StreamFormat format = StreamFormat::kNdjson;
  bool gzip = false;  // The client takes it: see the Accept-Encoding header.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  // Only these fields, and after the first frame only of containers that changed; empty: whole
  // containers.
  std::vector<cgroupfs::Field> columns;
  // Replay from history before going live: points later than this sequence or this time.
  std::optional<std::uint64_t> since_sequence;
  std::optional<WallTime> since_time;
};

// Reads interval=, fields=, since= (a sequence "#123", an RFC 3339 time, unix seconds, or an age
// such as "-5m"), format= ndjson|sse, and the selection; the Accept header chooses SSE when format=
// is not given; Last-Event-ID is since_sequence when since= is not given; Accept-Encoding chooses
// gzip. kInvalidInput for any other parameter.
[[nodiscard]] Result<StreamQuery> parse_stream_query(const http::Request& request, WallTime now);

}  // namespace plimsoll::exporter
