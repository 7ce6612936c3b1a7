#include "control/api/strict_json.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace plimsoll::control {
namespace {

using nlohmann::json;

// Follows the parser from event to event: where we are, and which keys were there already.
class Watcher {
 public:
  explicit Watcher(std::size_t most_depth) : most_depth_(most_depth) {}

  // As nlohmann's parser_callback_t. False drops the value, which does not matter any more.
  bool operator()(json::parse_event_t event, json& value) {
    if (!problem_.empty()) return false;  // The library goes on to the end.
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (levels_.size() >= most_depth_) return fail("nested too deep");
        count();
        levels_.push_back({.is_array = event == json::parse_event_t::array_start});
        return true;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        levels_.pop_back();
        return true;
      case json::parse_event_t::key: {
        Level& level = levels_.back();
        level.key = value.get_ref<const std::string&>();
        if (!level.keys.insert(level.key).second) return fail("given twice");
        return true;
      }
      case json::parse_event_t::value:
        count();
        return true;
    }
    return true;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Level {
    bool is_array = false;
    std::size_t index = 0;  // Of the next element.
    std::string key;
    std::set<std::string> keys;
  };

  void count() {
    if (!levels_.empty() && levels_.back().is_array) ++levels_.back().index;
  }
  bool fail(const char* what) {
    std::string where;
    for (const Level& level : levels_)
      where =
          pointer(where, level.is_array ? std::to_string(std::max<std::size_t>(level.index, 1) - 1)
                                        : level.key);
    problem_ = where + ": " + what;
    return false;
  }

  std::size_t most_depth_;
  std::vector<Level> levels_;
  std::string problem_;
};

// As far as the grammar goes; the position of what breaks it.
class Position : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return true; }
  bool key(string_t& /*name*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    byte = position;
    return false;
  }
  std::size_t byte = 0;
};

}  // namespace

std::string pointer(std::string_view above, std::string_view key) {
  std::string out(above);
  out += '/';
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

Result<json> parse_strictly(std::string_view text, const JsonBounds& bounds) {
  if (text.size() > bounds.bytes)
    return invalid_input("decode",
                         "the body is longer than " + std::to_string(bounds.bytes) + " bytes");
  Position position;
  if (!json::sax_parse(text.begin(), text.end(), &position))
    return invalid_input("decode", "not JSON at byte " + std::to_string(position.byte));
  Watcher watcher(bounds.depth);
  json document = json::parse(
      text.begin(), text.end(),
      [&](int /*depth*/, json::parse_event_t event, json& value) { return watcher(event, value); },
      /*allow_exceptions=*/false);
  if (!watcher.problem().empty()) return invalid_input("decode", watcher.problem());
  if (document.is_discarded()) return invalid_input("decode", "not JSON");
  return document;
}

}  // namespace plimsoll::control
