#include "runtime/oci/arguments.h"

#include <algorithm>

#include "base/fill_in.h"
#include "base/number.h"

namespace plimsoll::oci {

namespace {

bool is_no(std::string_view value) {
  return value == "false" || value == "0" || value == "F";
}

}  // namespace

Result<Arguments> Arguments::parse(std::span<char* const> words, std::span<const Option> options,
                                   Order order) {
  Arguments arguments;
  std::size_t i = 0;
  for (; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      if (order == Order::kFirst) break;
      arguments.rest_.emplace_back(word);
      continue;
    }
    std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
    std::optional<std::string_view> value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto option = std::ranges::find_if(options, [name](const Option& candidate) {
      return candidate.name == name || (!name.empty() && candidate.short_name == name);
    });
    if (option == options.end())
      return invalid_input("arguments", fill_in("flag provided but not defined: -{}", name));
    if (option->takes_value && !value) {
      if (i + 1 >= words.size())
        return invalid_input("arguments", fill_in("flag needs an argument: -{}", name));
      value = words[++i];
    }
    if (!option->takes_value && value && is_no(*value)) continue;
    arguments.values_[std::string(option->name)].emplace_back(value.value_or("true"));
  }
  arguments.taken_ = i;
  for (; i < words.size(); ++i) arguments.rest_.emplace_back(words[i]);
  return arguments;
}

std::string Arguments::value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<std::optional<std::int64_t>> Arguments::number(std::string_view name) const {
  if (!has(name)) return std::optional<std::int64_t>();
  const std::string text = value(name);
  const auto found = to_number<std::int64_t>(text);
  if (!found)
    return invalid_input("arguments",
                         fill_in("invalid value \"{}\" for flag -{}: not a number", text, name));
  return found;
}

}  // namespace plimsoll::oci
