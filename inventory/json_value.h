// A parsed JSON document, small and read-only: what state files and inspect answers are looked up
// in. Reading never fails half-way: what is missing or of another type is simply not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace plimsoll::inventory {

struct JsonMember;

class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Object = std::vector<JsonMember>;  // In the document's order.

  // Defined where JsonMember is complete: a variant of vectors of it needs to be.
  JsonValue();
  explicit JsonValue(bool value);
  explicit JsonValue(std::int64_t value);
  explicit JsonValue(double value);
  explicit JsonValue(std::string value);
  explicit JsonValue(Array value);
  explicit JsonValue(Object value);
  JsonValue(const JsonValue& other);
  JsonValue(JsonValue&& other) noexcept;
  JsonValue& operator=(const JsonValue& other);
  JsonValue& operator=(JsonValue&& other) noexcept;
  ~JsonValue();

  // The value under a path of keys; null when any step is missing or not an object.
  [[nodiscard]] const JsonValue* find(std::initializer_list<std::string_view> path) const;

  // "" / nullopt / empty when absent or of another type.
  [[nodiscard]] std::string_view text(std::initializer_list<std::string_view> path) const;
  [[nodiscard]] std::optional<bool> boolean(std::initializer_list<std::string_view> path) const;
  [[nodiscard]] std::optional<std::int64_t> integer(
      std::initializer_list<std::string_view> path) const;
  // RFC 3339; Go's zero time is nothing.
  [[nodiscard]] std::optional<WallTime> time(std::initializer_list<std::string_view> path) const;
  // The string members of an object, sorted by key.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> string_map(
      std::initializer_list<std::string_view> path) const;

  [[nodiscard]] const Array& items() const;     // Empty when not an array.
  [[nodiscard]] const Object& members() const;  // Empty when not an object.
  [[nodiscard]] bool is_object() const;

 private:
  friend class JsonBuilder;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

struct JsonLimits {
  std::size_t bytes = std::size_t{16} << 20;
  std::size_t depth = 64;
  // Small values cost about 50 times their text: the bytes alone do not bound the memory.
  std::size_t values = 1'000'000;
};
// kMalformed when it is not JSON (the subject says where), kRejected beyond the limits.
[[nodiscard]] Result<JsonValue> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace plimsoll::inventory
