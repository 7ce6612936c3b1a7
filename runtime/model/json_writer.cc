#include "runtime/model/json_writer.h"

namespace plimsoll::model {

bool Writer::begin(std::string_view key, bool is_empty, Empty empty) {
  if (is_empty && empty == Empty::kOmitted) return false;
  append_key(key, std::exchange(first_, false));
  if (is_empty && empty == Empty::kNull) {
    out_ += "null";
    return false;
  }
  return true;
}

void Writer::append_key(std::string_view key, bool first) {
  if (!first) out_ += ',';
  json::append_string(out_, key);
  out_ += ':';
}

void Writer::operator()(std::string_view key, const std::string& value, Empty empty) {
  if (begin(key, value.empty(), empty)) json::append_string(out_, value);
}

void Writer::operator()(std::string_view key, bool value, Empty empty) {
  if (begin(key, !value, empty)) out_ += value ? "true" : "false";
}

void Writer::operator()(std::string_view key, const std::vector<std::string>& value, Empty empty) {
  if (!begin(key, value.empty(), empty)) return;
  out_ += '[';
  for (bool first = true; const std::string& element : value) {
    if (!std::exchange(first, false)) out_ += ',';
    json::append_string(out_, element);
  }
  out_ += ']';
}

void Writer::operator()(std::string_view key, const std::set<std::string>& value, Empty empty) {
  if (!begin(key, value.empty(), empty)) return;
  out_ += '{';
  for (bool first = true; const std::string& element : value) {
    append_key(element, std::exchange(first, false));
    out_ += "{}";
  }
  out_ += '}';
}

void Writer::operator()(std::string_view key, const std::map<std::string, std::string>& value,
                        Empty empty) {
  if (!begin(key, value.empty(), empty)) return;
  out_ += '{';
  for (bool first = true; const auto& [name, text] : value) {
    append_key(name, std::exchange(first, false));
    json::append_string(out_, text);
  }
  out_ += '}';
}

void Writer::constant(std::string_view key, std::string_view json) {
  begin(key, false, Empty::kPlain);
  out_ += json;
}

void Writer::console_size(std::string_view key, const std::vector<int>& value) {
  begin(key, false, Empty::kPlain);
  if (value.size() == 2) {
    out_ += '[' + std::to_string(value[0]) + ',' + std::to_string(value[1]) + ']';
  } else {
    out_ += "[0,0]";
  }
}

}  // namespace plimsoll::model
