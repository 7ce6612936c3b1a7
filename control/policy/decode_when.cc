#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "control/policy/decoder.h"

namespace plimsoll::policy {
namespace {

// A prefix of three letters or more.
std::optional<std::size_t> day_named(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  for (std::size_t day = 0; day < kNames.size(); ++day)
    if (lower.size() >= 3 && kNames[day].starts_with(lower)) return day;
  return std::nullopt;
}

// "mon", "mon-fri", "sat-mon", "mon,wed", "daily". Nothing: not a day.
std::optional<std::bitset<7>> days_of(std::string_view text) {
  std::bitset<7> days;
  if (text == "daily") return days.set();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trim(text.substr(0, comma));
    text.remove_prefix(std::min(text.size(), comma + 1));
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto first = day_named(trim(part.substr(0, dash)));
    const auto last = dash == part.size() ? first : day_named(trim(part.substr(dash + 1)));
    if (!first || !last) return std::nullopt;
    for (std::size_t day = *first;; day = (day + 1) % 7) {
      days.set(day);
      if (day == *last) break;
    }
  }
  return days;
}

}  // namespace

void Decoder::when(const YamlNode& node, Rule& rule) {
  each(node, "when", [&](const YamlNode& one) { window(one, rule); });
}

void Decoder::window(const YamlNode& node, Rule& rule) {
  Window window;
  bool timed = false;
  keyed(node, "when", Section::kWindow, [&](const std::string& key, const YamlNode& value) {
    if (key != "days") {
      timed = true;
      const auto time = minute(value, "when." + key);
      if (time) (key == "from" ? window.from : window.to) = *time;
      return;
    }
    for (const std::string& word : texts(value, "when.days")) {
      const auto days = days_of(word);
      if (!days)
        problem(value, "when.days: \"" + word +
                           "\" is not a day or a range of days such as mon, mon-fri, sat,sun");
      else
        window.days |= *days;
    }
  });
  if (window.days.none()) window.days.set();
  if (node.kind == YamlNode::Kind::kMap && node.items.empty())
    problem(node, "when: empty; a rule without `when` holds always");
  if (timed && window.from == window.to)
    problem(node, "when: from and to are the same; leave both out for whole days");
  if (window.from == kDayMinutes) problem(node, "when.from: 24:00 is 00:00 of the next day");
  rule.windows.push_back(window);
}

std::optional<int> Decoder::minute(const YamlNode& node, const std::string& path) {
  const auto word = text(node, path);
  if (!word) return std::nullopt;
  const std::size_t colon = word->find(':');
  const auto hours = to_number<int>(std::string_view(*word).substr(0, colon));
  const auto minutes = colon == std::string::npos
                           ? std::nullopt
                           : to_number<int>(std::string_view(*word).substr(colon + 1));
  const bool fits = hours && minutes && *hours >= 0 && *minutes >= 0 && *minutes < 60 &&
                    *hours * 60 + *minutes <= kDayMinutes && word->size() - colon == 3;
  if (fits) return *hours * 60 + *minutes;
  problem(node, path + ": \"" + *word + "\" is not a time such as 08:30 or 22:00");
  return std::nullopt;
}

}  // namespace plimsoll::policy
