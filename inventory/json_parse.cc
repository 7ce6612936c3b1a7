// The only place that knows the JSON library.
#include <nlohmann/json.hpp>

#include "inventory/json_value.h"

namespace plimsoll::inventory {

// Builds the document from the parser's events, which is where the limits can be kept: the library
// itself has none.
class JsonBuilder {
 public:
  explicit JsonBuilder(const JsonLimits& limits) : limits_(limits) {}

  // Names and signatures are the library's event interface.
  bool null() { return add(JsonValue()); }
  bool boolean(bool value) { return add(JsonValue(value)); }
  bool number_integer(std::int64_t value) { return add(JsonValue(value)); }
  bool number_unsigned(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return add(JsonValue(static_cast<double>(value)));
    return add(JsonValue(static_cast<std::int64_t>(value)));
  }
  bool number_float(double value, const std::string& /*text*/) { return add(JsonValue(value)); }
  bool string(std::string& value) { return add(JsonValue(std::move(value))); }
  bool binary(std::vector<std::uint8_t>& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(JsonValue(JsonValue::Object{})); }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(JsonValue(JsonValue::Array{})); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    error_at_ = position;
    return false;
  }

  [[nodiscard]] bool over_limit() const { return over_limit_; }
  [[nodiscard]] std::size_t error_at() const { return error_at_; }
  [[nodiscard]] JsonValue take() { return std::move(root_); }

 private:
  struct Open {
    std::string key;  // Under which it goes into its parent.
    JsonValue value;
  };

  bool open(JsonValue value) {
    if (open_.size() >= limits_.depth || ++count_ > limits_.values) return refuse();
    open_.push_back({std::move(key_), std::move(value)});
    return true;
  }
  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    key_ = std::move(done.key);
    return put(std::move(done.value));
  }
  bool add(JsonValue value) {
    if (++count_ > limits_.values) return refuse();
    return put(std::move(value));
  }
  bool put(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<JsonValue::Array>(&open_.back().value.value_)) {
      array->push_back(std::move(value));
    } else if (auto* object = std::get_if<JsonValue::Object>(&open_.back().value.value_)) {
      object->push_back({std::move(key_), std::move(value)});
    }
    return true;
  }
  bool refuse() {
    over_limit_ = true;
    return false;
  }

  JsonLimits limits_;
  std::vector<Open> open_;
  std::string key_;
  JsonValue root_;
  std::size_t count_ = 0;
  std::size_t error_at_ = 0;
  bool over_limit_ = false;
};

Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return failure(ErrorKind::kRejected, "parse", "JSON larger than the limit");
  JsonBuilder builder(limits);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
  if (builder.over_limit())
    return failure(ErrorKind::kRejected, "parse", "JSON deeper or with more values than the limit");
  const std::size_t from = builder.error_at() > 20 ? builder.error_at() - 20 : 0;
  return malformed("JSON at byte " + std::to_string(builder.error_at()) + ": " +
                   std::string(text.substr(std::min(from, text.size()), 40)));
}

}  // namespace plimsoll::inventory
