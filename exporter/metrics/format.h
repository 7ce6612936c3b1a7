// The formats in which the one table of families can be written.
#pragma once

#include <cstdint>
#include <string_view>

namespace plimsoll::exporter {

enum class Format : std::uint8_t {
  kText,         // Prometheus text 0.0.4.
  kOpenMetrics,  // OpenMetrics 1.0.0.
  kProtobuf      // io.prometheus.client.MetricFamily messages, each after its length.
};

// What goes into Content-Type.
[[nodiscard]] constexpr std::string_view content_type(Format format) {
  switch (format) {
    case Format::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case Format::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
             "encoding=delimited";
    case Format::kText:
      break;
  }
  return "text/plain; version=0.0.4; charset=utf-8";
}

// "text", "openmetrics", "protobuf".
[[nodiscard]] constexpr std::string_view name_of(Format format) {
  switch (format) {
    case Format::kOpenMetrics:
      return "openmetrics";
    case Format::kProtobuf:
      return "protobuf";
    case Format::kText:
      break;
  }
  return "text";
}

}  // namespace plimsoll::exporter
