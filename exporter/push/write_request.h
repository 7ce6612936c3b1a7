// Builds remote_write 1.0 request bodies: a prometheus.WriteRequest in protobuf's wire format,
// compressed as one snappy block.
//
// Source: prometheus/docs, remote_write_spec.md 1.0; prompb/remote.proto and types.proto.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "exporter/push/exposition.h"

namespace plimsoll::exporter {

// "This series has no further samples": the NaN that Prometheus keeps apart from all others.
[[nodiscard]] double stale_marker();

class WriteRequest {
 public:
  // `labels` sorted by name, __name__ among them, no name twice, none empty.
  void add(std::span<const PushLabel> labels, double value, std::int64_t milliseconds);
  [[nodiscard]] std::uint64_t samples() const { return samples_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  // The body to send; afterwards the request is empty again.
  [[nodiscard]] std::string take_compressed();

 private:
  std::string message_;
  std::uint64_t samples_ = 0;
};

}  // namespace plimsoll::exporter
