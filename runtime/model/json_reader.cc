#include "runtime/model/json_reader.h"

#include <algorithm>

namespace plimsoll::model {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const json::Value* Reader::member(std::string_view key) const {
  if (!failed_.empty()) return nullptr;
  const json::Value* found = object_.find(key);
  if (!found) {
    const auto other = std::ranges::find_if(
        object_.members, [&](const json::Member& each) { return same_letters(each.key, key); });
    if (other != object_.members.end()) found = &other->value;
  }
  return found && found->type != json::Type::kNull ? found : nullptr;
}

const json::Value* Reader::member(std::string_view key, json::Type type) {
  const json::Value* found = member(key);
  if (!found || found->type == type) return found;
  fail(key, "must be " + std::string(json::name_of(type)), *found);
  return nullptr;
}

std::string Reader::place_of(std::string_view key) const {
  return place_.empty() ? std::string(key) : place_ + '.' + std::string(key);
}

void Reader::fail_at(const std::string& place, std::string_view why, const json::Value& found) {
  if (!failed_.empty()) return;
  failed_ = place + ": " + std::string(why) + ", not ";
  failed_ += found.type == json::Type::kNumber ? found.text.substr(0, 64)
                                               : std::string_view(json::name_of(found.type));
}

bool Reader::check_text(std::string_view key, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return true;
  if (failed_.empty()) failed_ = place_of(key) + ": has a NUL byte";
  return false;
}

void Reader::operator()(std::string_view key, std::string& value, Empty /*empty*/) {
  const json::Value* found = member(key, json::Type::kString);
  if (found && check_text(key, found->text)) value = found->text;
}

void Reader::operator()(std::string_view key, bool& value, Empty /*empty*/) {
  if (const json::Value* found = member(key, json::Type::kBoolean)) value = found->boolean;
}

void Reader::operator()(std::string_view key, std::vector<std::string>& value, Empty /*empty*/) {
  const json::Value* found = member(key);
  if (!found) return;
  value.clear();
  if (found->type == json::Type::kString) {
    if (check_text(key, found->text)) value.emplace_back(found->text);
    return;
  }
  if (found->type != json::Type::kArray) return fail(key, "must be an array of strings", *found);
  value.reserve(found->members.size());
  for (const json::Member& each : found->members) {
    if (each.value.type != json::Type::kString)
      return fail(key, "must be an array of strings", each.value);
    if (!check_text(key, each.value.text)) return;
    value.emplace_back(each.value.text);
  }
}

void Reader::operator()(std::string_view key, std::set<std::string>& value, Empty /*empty*/) {
  const json::Value* found = member(key, json::Type::kObject);
  if (!found) return;
  for (const json::Member& each : found->members)
    if (check_text(key, each.key)) value.emplace(each.key);
}

void Reader::operator()(std::string_view key, std::map<std::string, std::string>& value,
                        Empty /*empty*/) {
  const json::Value* found = member(key, json::Type::kObject);
  if (!found) return;
  for (const json::Member& each : found->members) {
    const bool null = each.value.type == json::Type::kNull;
    if (!null && each.value.type != json::Type::kString)
      return fail_at(place_of(key) + '.' + std::string(each.key), "must be a string", each.value);
    if (!check_text(key, each.key) || (!null && !check_text(key, each.value.text))) return;
    value.insert_or_assign(std::string(each.key), std::string(each.value.text));
  }
}

void Reader::console_size(std::string_view key, std::vector<int>& value) {
  const json::Value* found = member(key, json::Type::kArray);
  if (!found) return;
  std::vector<int> sizes;
  for (const json::Member& each : found->members) {
    int size = 0;
    if (!whole(each.value, size) || size < 0)
      return fail(key, "must be a height and a width", each.value);
    sizes.push_back(size);
  }
  // [0,0] is how clients without a terminal say nothing.
  const bool said = sizes.size() == 2 && (sizes[0] != 0 || sizes[1] != 0);
  value = said ? sizes : std::vector<int>();
}

}  // namespace plimsoll::model
