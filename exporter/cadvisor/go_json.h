// JSON as Go prints cAdvisor's structures: a struct's members are always there, 0 when nobody
// knows the value, unless they are marked to be left out when empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

// RFC3339Nano: no trailing zeros in the fraction; no time is "0001-01-01T00:00:00Z".
[[nodiscard]] std::string go_time(std::optional<WallTime> time);

class GoJson {
 public:
  explicit GoJson(std::string& out) : json_(out) {}

  void begin_object() { json_.begin_object(); }
  void begin_object(std::string_view name) { json_.key(name).begin_object(); }
  void end_object() { json_.end_object(); }
  void begin_array() { json_.begin_array(); }
  void begin_array(std::string_view name) { json_.key(name).begin_array(); }
  void end_array() { json_.end_array(); }
  // A key that is somebody's text: a path, a label.
  void begin_keyed_object(std::string_view text) { json_.text_key(text).begin_object(); }
  void begin_keyed_array(std::string_view text) { json_.text_key(text).begin_array(); }
  void keyed_number(std::string_view text, std::uint64_t value) {
    json_.text_key(text).number(value);
  }

  void number(std::string_view name, std::optional<std::uint64_t> value) {
    json_.key(name).number(value.value_or(0));
  }
  void signed_number(std::string_view name, std::int64_t value) {
    json_.key(name).signed_number(value);
  }
  void real(std::string_view name, double value) { json_.key(name).real(value); }
  void flag(std::string_view name, bool value) {
    json_.key(name).literal(value ? "true" : "false");
  }
  void text(std::string_view name, std::string_view value) { json_.key(name).text(value); }
  void time(std::string_view name, std::optional<WallTime> value) {
    json_.key(name).text(go_time(value));
  }
  void null(std::string_view name) { json_.key(name).literal("null"); }

  // "omitempty".
  void number_unless_zero(std::string_view name, std::optional<std::uint64_t> value) {
    if (value.value_or(0) != 0) number(name, value);
  }
  void text_unless_empty(std::string_view name, std::string_view value) {
    json_.member_text(name, value);
  }
  void map_unless_empty(std::string_view name,
                        const std::vector<std::pair<std::string, std::string>>& members) {
    if (members.empty()) return;
    begin_object(name);
    for (const auto& [key, value] : members) json_.text_key(key).text(value);
    end_object();
  }

  // The value follows.
  void text_key(std::string_view text) { json_.text_key(text); }
  void key(std::string_view name) { json_.key(name); }

  // Elements of an array.
  void element(std::uint64_t value) { json_.number(value); }
  void element(std::string_view value) { json_.text(value); }

 private:
  JsonWriter json_;
};

}  // namespace plimsoll::exporter
