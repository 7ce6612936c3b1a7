#include "http/yaml_section.h"

#include <algorithm>
#include <array>
#include <set>

namespace plimsoll::http {

namespace {

std::string below(const Place& place, const std::string& key) {
  return place.path.empty() ? key : place.path + "." + key;
}

std::string list_of(std::span<const Key> keys) {
  std::string list;
  for (const Key& key : keys) list += (list.empty() ? "" : ", ") + std::string(key.name);
  return list;
}

}  // namespace

Failure Place::refuse(const std::string& why) const {
  const YAML::Mark mark = node.Mark();
  const std::string line = mark.line >= 0 ? ":" + std::to_string(mark.line + 1) : "";
  return invalid_input("web config", file + line + ": " + (path.empty() ? "" : path + ": ") + why);
}

Result<> read_entries(const Place& place,
                      const std::function<Result<>(const std::string& key, const Place&)>& read) {
  if (place.node.IsNull()) return {};
  if (!place.node.IsMap()) return place.refuse("expected keys and values");
  std::set<std::string> seen;
  for (const auto& entry : place.node) {
    const Place name{entry.first, place.path, place.file};
    if (!entry.first.IsScalar()) return name.refuse("a key must be a plain word");
    const std::string key = entry.first.Scalar();
    if (!seen.insert(key).second) return name.refuse("'" + key + "' is given twice");
    PLIMSOLL_TRY(read(key, Place{entry.second, below(place, key), place.file}));
  }
  return {};
}

Result<> read_map(const Place& place, std::span<const Key> keys) {
  return read_entries(place, [&](const std::string& key, const Place& value) -> Result<> {
    const auto known = std::ranges::find(keys, key, &Key::name);
    if (known == keys.end()) return value.refuse("unknown key; known here: " + list_of(keys));
    return known->read(value);
  });
}

Result<std::string> read_text(const Place& place) {
  if (place.node.IsNull()) return std::string();
  if (!place.node.IsScalar()) return place.refuse("expected a text");
  // C interfaces would take a part of the text for the whole.
  if (place.node.Scalar().find('\0') != std::string::npos)
    return place.refuse("contains a NUL byte");
  return place.node.Scalar();
}

Result<bool> read_bool(const Place& place) {
  constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "on", "y"};
  constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "off", "n"};
  std::string word = PLIMSOLL_TRY(read_text(place));
  std::ranges::transform(word, word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
  return place.refuse("expected true or false");
}

Result<std::vector<Place>> read_list(const Place& place) {
  std::vector<Place> items;
  if (place.node.IsNull()) return items;
  if (!place.node.IsSequence()) return place.refuse("expected a list");
  for (const auto& item : place.node)
    items.push_back({item, place.path + "[" + std::to_string(items.size()) + "]", place.file});
  return items;
}

}  // namespace plimsoll::http
