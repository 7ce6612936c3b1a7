// For tests: reads a remote_write body back, by a decoder of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace plimsoll::exporter {

struct PushedSeries {
  std::vector<std::pair<std::string, std::string>> labels;  // In the order of the wire.
  double value = 0;
  std::int64_t milliseconds = 0;

  [[nodiscard]] std::string label(const std::string& name) const;  // "" if absent.
};

// Throws std::runtime_error for anything that is no compressed WriteRequest with one sample per
// series.
[[nodiscard]] std::vector<PushedSeries> decode_write_request(const std::string& body);

}  // namespace plimsoll::exporter
