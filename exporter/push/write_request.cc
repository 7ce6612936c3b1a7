#include "exporter/push/write_request.h"

#include <snappy.h>

#include <bit>

namespace plimsoll::exporter {

namespace {

// A field's key: its number and the wire type.
constexpr char key(unsigned field, unsigned wire_type) {
  return static_cast<char>(field << 3U | wire_type);
}
constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kBytes = 2;

std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}

std::size_t bytes_size(std::size_t length) {
  return 1 + varint_size(length) + length;
}

void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  out += key(field, kBytes);
  append_varint(out, bytes.size());
  out += bytes;
}

void append_double(std::string& out, unsigned field, double value) {
  out += key(field, kFixed64);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift & 0xFFU);
}

std::size_t label_size(const PushLabel& label) {
  return bytes_size(label.name.size()) + bytes_size(label.value.size());
}

}  // namespace

double stale_marker() {
  return std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
}

void WriteRequest::add(std::span<const PushLabel> labels, double value, std::int64_t milliseconds) {
  // int64 in protobuf: two's complement in 64 bits.
  const auto stamp = static_cast<std::uint64_t>(milliseconds);
  const std::size_t sample_size = 1 + sizeof(double) + 1 + varint_size(stamp);
  std::size_t size = bytes_size(sample_size);
  for (const PushLabel& label : labels) size += bytes_size(label_size(label));

  message_ += key(1, kBytes);  // WriteRequest.timeseries
  append_varint(message_, size);
  for (const PushLabel& label : labels) {
    message_ += key(1, kBytes);  // TimeSeries.labels
    append_varint(message_, label_size(label));
    append_bytes(message_, 1, label.name);
    append_bytes(message_, 2, label.value);
  }
  message_ += key(2, kBytes);  // TimeSeries.samples
  append_varint(message_, sample_size);
  append_double(message_, 1, value);
  message_ += key(2, kVarint);
  append_varint(message_, stamp);
  ++samples_;
}

std::string WriteRequest::take_compressed() {
  std::string body;
  snappy::Compress(message_.data(), message_.size(), &body);
  message_.clear();
  samples_ = 0;
  return body;
}

}  // namespace plimsoll::exporter
