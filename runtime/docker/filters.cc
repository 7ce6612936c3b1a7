#include "runtime/docker/filters.h"

#include <algorithm>

#include "base/json.h"
#include "runtime/docker/call.h"

namespace plimsoll::docker {

namespace {

std::unexpected<model::Refusal> invalid(std::string_view why) {
  return model::refuse(model::Refused::kInvalid, "invalid filters: " + std::string(why));
}

// The names of {"a":true} that are true, or the strings of ["a"].
model::Answer<std::vector<std::string>> values_of(const json::Value& list) {
  std::vector<std::string> values;
  for (const json::Member& member : list.members) {
    if (list.type == json::Type::kObject) {
      if (member.value.type != json::Type::kBoolean) return invalid("values are names with true");
      if (member.value.boolean) values.emplace_back(member.key);
    } else {
      if (member.value.type != json::Type::kString) return invalid("values are strings");
      values.emplace_back(member.value.text);
    }
  }
  return values;
}

}  // namespace

model::Answer<Filters> Filters::parse(std::string_view text,
                                      std::initializer_list<std::string_view> known) {
  Filters filters;
  if (text.empty()) return filters;
  const auto document = json::parse(text, {.bytes = std::size_t{64} << 10, .depth = 4});
  if (!document) return invalid(document.error().subject);
  if (document->root.type == json::Type::kNull) return filters;
  if (document->root.type != json::Type::kObject) return invalid("expected an object");
  for (const json::Member& member : document->root.members) {
    if (std::ranges::find(known, member.key) == known.end())
      return model::refuse(model::Refused::kInvalid,
                           "invalid filter '" + std::string(member.key) + "'");
    if (member.value.type != json::Type::kObject && member.value.type != json::Type::kArray)
      return invalid("expected an object or an array");
    filters.values_[std::string(member.key)] = PLIMSOLL_TRY(values_of(member.value));
  }
  return filters;
}

bool Filters::has(std::string_view key) const {
  return !values(key).empty();
}

const std::vector<std::string>& Filters::values(std::string_view key) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(key);
  return found == values_.end() ? kNone : found->second;
}

bool Filters::admits(std::string_view key, std::string_view value) const {
  const auto& wanted = values(key);
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool Filters::admits_beginning(std::string_view key, std::string_view value) const {
  const auto& wanted = values(key);
  return wanted.empty() ||
         std::ranges::any_of(wanted, [&](const auto& one) { return value.starts_with(one); });
}

bool Filters::admits_part(std::string_view key, std::string_view value) const {
  const auto& wanted = values(key);
  return wanted.empty() || std::ranges::any_of(wanted, [&](const auto& one) {
           return value.find(one) != std::string_view::npos;
         });
}

bool Filters::admits_labels(std::string_view key,
                            const std::map<std::string, std::string>& labels) const {
  return std::ranges::all_of(values(key), [&](const std::string& one) {
    const std::size_t equals = one.find('=');
    const auto found = labels.find(one.substr(0, equals));
    if (found == labels.end()) return false;
    return equals == std::string::npos || found->second == one.substr(equals + 1);
  });
}

model::Answer<std::optional<bool>> Filters::flag(std::string_view key) const {
  std::optional<bool> flag;
  for (const std::string& word : values(key)) {
    const bool is_known = word == "1" || word == "true" || word == "0" || word == "false";
    if (!is_known || (flag && *flag != is_yes(word)))
      return model::refuse(model::Refused::kInvalid,
                           "invalid filter '" + std::string(key) + "=[" + word + "]'");
    flag = is_yes(word);
  }
  return flag;
}

}  // namespace plimsoll::docker
