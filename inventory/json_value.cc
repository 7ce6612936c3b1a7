#include "inventory/json_value.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace plimsoll::inventory {

JsonValue::JsonValue() = default;
JsonValue::JsonValue(bool value) : value_(value) {}
JsonValue::JsonValue(std::int64_t value) : value_(value) {}
JsonValue::JsonValue(double value) : value_(value) {}
JsonValue::JsonValue(std::string value) : value_(std::move(value)) {}
JsonValue::JsonValue(Array value) : value_(std::move(value)) {}
JsonValue::JsonValue(Object value) : value_(std::move(value)) {}
JsonValue::JsonValue(const JsonValue& other) = default;
JsonValue::JsonValue(JsonValue&& other) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue& other) = default;
JsonValue& JsonValue::operator=(JsonValue&& other) noexcept = default;
JsonValue::~JsonValue() = default;

bool JsonValue::is_object() const {
  return std::holds_alternative<Object>(value_);
}

const JsonValue::Array& JsonValue::items() const {
  static const Array kNone;
  const auto* array = std::get_if<Array>(&value_);
  return array ? *array : kNone;
}

const JsonValue::Object& JsonValue::members() const {
  static const Object kNone;
  const auto* object = std::get_if<Object>(&value_);
  return object ? *object : kNone;
}

const JsonValue* JsonValue::find(std::initializer_list<std::string_view> path) const {
  const JsonValue* at = this;
  for (const std::string_view key : path) {
    const Object& members = at->members();
    const auto found = std::ranges::find(members, key, &JsonMember::key);
    if (found == members.end()) return nullptr;
    at = &found->value;
  }
  return at;
}

std::string_view JsonValue::text(std::initializer_list<std::string_view> path) const {
  const JsonValue* at = find(path);
  const auto* string = at ? std::get_if<std::string>(&at->value_) : nullptr;
  return string ? std::string_view(*string) : std::string_view();
}

std::optional<bool> JsonValue::boolean(std::initializer_list<std::string_view> path) const {
  const JsonValue* at = find(path);
  const auto* value = at ? std::get_if<bool>(&at->value_) : nullptr;
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> JsonValue::integer(std::initializer_list<std::string_view> path) const {
  const JsonValue* at = find(path);
  const auto* value = at ? std::get_if<std::int64_t>(&at->value_) : nullptr;
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<WallTime> JsonValue::time(std::initializer_list<std::string_view> path) const {
  return parse_rfc3339(text(path));
}

std::vector<std::pair<std::string, std::string>> JsonValue::string_map(
    std::initializer_list<std::string_view> path) const {
  std::vector<std::pair<std::string, std::string>> map;
  const JsonValue* at = find(path);
  if (!at) return map;
  for (const JsonMember& member : at->members())
    if (const auto* value = std::get_if<std::string>(&member.value.value_))
      map.emplace_back(member.key, *value);
  std::ranges::sort(map);
  return map;
}

}  // namespace plimsoll::inventory
