// Appends JSON to a string: members, commas and nesting kept right; no DOM, no allocation besides
// growing the string.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/metrics/print.h"

namespace plimsoll::exporter {

// Appends `text` as the inside of a JSON string; invalid UTF-8 becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& begin_array() { return open('['); }
  void end_object() { close('}'); }
  void end_array() { close(']'); }

  // Keys are literals of ours: plain ASCII, never escaped.
  JsonWriter& key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    fresh_ = true;  // The value takes no comma.
    return *this;
  }

  // A key that is somebody else's text: a label, a path.
  JsonWriter& text_key(std::string_view name) {
    text(name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }

  // `prefix` is a literal of ours.
  void text(std::string_view value, std::string_view prefix = {}) {
    separate();
    out_ += '"';
    out_ += prefix;
    append_json_escaped(out_, value);
    out_ += '"';
  }
  void number(std::uint64_t value) {
    separate();
    append_unsigned(out_, value);
  }
  void signed_number(std::int64_t value) {
    separate();
    append_signed(out_, value);
  }
  void seconds(std::uint64_t nanoseconds) {
    separate();
    append_seconds(out_, nanoseconds);
  }
  void time(WallTime value) {
    separate();
    out_ += '"';
    append_rfc3339(out_, value);
    out_ += '"';
  }
  void literal(std::string_view word) {  // true, false, null
    separate();
    out_ += word;
  }
  // JSON has no NaN and no infinity.
  template <class T>
  void real(T value) {
    if (!std::isfinite(value)) return literal("null");
    separate();
    char digits[kMaxNumber];
    out_.append(digits, std::to_chars(digits, digits + kMaxNumber, value).ptr);
  }

  // A member, if there is a value for it.
  void member(std::string_view name, const std::optional<std::uint64_t>& value) {
    if (value) key(name).number(*value);
  }
  void member_seconds(std::string_view name, const std::optional<std::uint64_t>& nanoseconds) {
    if (nanoseconds) key(name).seconds(*nanoseconds);
  }
  void member_text(std::string_view name, std::string_view value) {
    if (!value.empty()) key(name).text(value);
  }

 private:
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }

  std::string& out_;
  bool fresh_ = true;  // Nothing stands before the next token in this object or array.
};

}  // namespace plimsoll::exporter
