#include "exporter/push/test_write_request.h"

#include <snappy.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

namespace plimsoll::exporter {

namespace {

// One protobuf message, field by field.
class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("a varint of more than ten bytes");
  }
  // The key must be this field with this wire type.
  void expect(unsigned field, unsigned wire_type) {
    if (varint() != (field << 3U | wire_type)) throw std::runtime_error("another field");
  }
  std::string_view bytes(unsigned field) {
    expect(field, 2);
    return take(varint());
  }
  double fixed(unsigned field) {
    expect(field, 1);
    double value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  [[nodiscard]] bool next_is(char key) const { return !rest_.empty() && rest_.front() == key; }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw std::runtime_error("cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

PushedSeries decode_series(std::string_view bytes) {
  constexpr char kLabel = 1 << 3 | 2;
  PushedSeries series;
  Message message(bytes);
  while (message.next_is(kLabel)) {
    Message label(message.bytes(1));
    const std::string name(label.bytes(1));
    series.labels.emplace_back(name, label.bytes(2));
    if (!label.done()) throw std::runtime_error("more than a label in a label");
  }
  Message sample(message.bytes(2));
  series.value = sample.fixed(1);
  sample.expect(2, 0);
  series.milliseconds = static_cast<std::int64_t>(sample.varint());
  if (!sample.done() || !message.done()) throw std::runtime_error("more than one sample");
  return series;
}

}  // namespace

std::string PushedSeries::label(const std::string& name) const {
  for (const auto& [key, text] : labels)
    if (key == name) return text;
  return "";
}

std::vector<PushedSeries> decode_write_request(const std::string& body) {
  std::string plain;
  if (!snappy::Uncompress(body.data(), body.size(), &plain))
    throw std::runtime_error("no snappy block");
  std::vector<PushedSeries> all;
  for (Message request(plain); !request.done();) all.push_back(decode_series(request.bytes(1)));
  return all;
}

}  // namespace plimsoll::exporter
