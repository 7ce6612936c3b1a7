#include "exporter/stream/stream_query.h"

#include <utility>

#include "base/number.h"
#include "exporter/metrics/negotiate.h"
#include "exporter/stream/json_columns.h"
#include "exporter/stream/parameters.h"

namespace plimsoll::exporter {

Result<StreamQuery> parse_stream_query(const http::Request& request, WallTime now) {
  PLIMSOLL_TRY(refuse_unknown(request.query, Selects::kContainers,
                              {"interval", "fields", "since", "format"}));
  StreamQuery query;
  query.gzip = choose_coding(request.header("accept-encoding")) == Coding::kGzip;
  query.selection = PLIMSOLL_TRY(parse_selection(request.query));
  if (request.header("accept").find("text/event-stream") != std::string_view::npos)
    query.format = StreamFormat::kSse;
  if (const std::string* format = request.parameter("format")) {
    const auto named = stream_format_named(*format);
    if (!named) return invalid_input("query", "format=" + *format + ": give ndjson or sse");
    query.format = *named;
  }
  if (const std::string* interval = request.parameter("interval")) {
    const auto duration = parse_duration(*interval);
    if (!duration || *duration == std::chrono::nanoseconds(0) || *duration > std::chrono::hours(1))
      return invalid_input("query", "interval=" + *interval + ": give a time up to 1h, such as 1s");
    query.interval = *duration;
  }
  if (const std::string* fields = request.parameter("fields"))
    query.columns = PLIMSOLL_TRY(parse_columns(*fields));
  if (const std::string* since = request.parameter("since")) {
    const Since given = PLIMSOLL_TRY(parse_since(*since, now));
    query.since_sequence = given.sequence;
    query.since_time = given.time;
  } else if (const auto last = to_number<std::uint64_t>(request.header("last-event-id"))) {
    query.since_sequence = last;
  }
  return query;
}

}  // namespace plimsoll::exporter
