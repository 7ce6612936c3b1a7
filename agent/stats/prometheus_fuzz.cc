// What comes from a Prometheus is decoded and shown without harm, whatever it is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/stats/order.h"
#include "agent/stats/prometheus_rows.h"
#include "agent/stats/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::agent;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  (void)complaint_in(body);
  PrometheusRows rows;
  if (!rows.add(body)) return 0;
  const StatsFrame frame = std::move(rows).finish();
  const auto format = parse_output_format("", "+host,+limits,+throttled,+psi,+oom,+avg,+created");
  TextStyle style;
  style.now = frame.time;
  (void)render(*format, frame.rows, style, 120);
  (void)render(*format, {total_of(frame.rows)}, style, 120);
  return 0;
}
