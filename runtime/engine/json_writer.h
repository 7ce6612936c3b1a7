// Appends JSON, as much of it as bundles and records need.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace plimsoll::engine {

class JsonWriter {
 public:
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  JsonWriter& key(std::string_view name) {
    separate();
    json::append_string(out_, name);
    out_ += ':';
    return *this;
  }
  JsonWriter& text(std::string_view value) {
    separate();
    json::append_string(out_, value);
    return *this;
  }
  JsonWriter& flag(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& number(std::integral auto value) { return raw(std::to_string(value)); }
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  JsonWriter& texts(const std::vector<std::string>& values) {
    open('[');
    for (const std::string& value : values) text(value);
    return close(']');
  }
  [[nodiscard]] const std::string& out() const { return out_; }

 private:
  void separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }
  std::string out_;
};

}  // namespace plimsoll::engine
