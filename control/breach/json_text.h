// What the room's JSON has in common: bytes that are no UTF-8 become U+FFFD, since names of
// processes and groups may be anything.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace plimsoll::control {

using OrderedJson = nlohmann::ordered_json;

[[nodiscard]] inline std::string valid_text(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  return valid;
}

inline void put_text(OrderedJson& object, const char* key, std::string_view text) {
  if (!text.empty()) object[key] = valid_text(text);
}

template <class T>
void put_number(OrderedJson& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

[[nodiscard]] inline std::string dumped(const OrderedJson& object) {
  return object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace plimsoll::control
