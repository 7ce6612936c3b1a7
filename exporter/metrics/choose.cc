#include "exporter/metrics/choose.h"

#include <algorithm>

#include "base/glob.h"
#include "exporter/metrics/family.h"

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kHistogramWord = "histogram";

// A family as requests see it.
struct Choice {
  const FamilyInfo* info;
  std::string_view group;  // The word for collect[].
  bool offered;
};

std::string_view word_of(const FamilyTable& table, const FamilyInfo& info) {
  if (table.exporter) return "exporter";
  if (!table.word.empty()) return table.word;
  return info.group == Group::kAlways ? "always" : name_of(info.group);
}

std::vector<Choice> choices(const FamilyOffer& offer) {
  std::vector<Choice> all;
  for (const FamilyTable& table : family_tables()) {
    for (const Family& family : table.families) {
      const bool offered = family.write != nullptr && offer.groups.has(family.info.group) &&
                           (!table.exporter || offer.exporter_metrics) &&
                           (table.word != kHistogramWord || offer.histograms) &&
                           (offer.allowed == nullptr || (*offer.allowed)[all.size()]);
      all.push_back({&family.info, word_of(table, family.info), offered});
    }
  }
  return all;
}

// Each word once, in the order of the tables.
std::string known_groups(std::span<const Choice> all) {
  std::vector<std::string_view> words;
  for (const Choice& choice : all)
    if (choice.offered && std::ranges::find(words, choice.group) == words.end())
      words.push_back(choice.group);
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::string known_names(std::span<const Choice> all) {
  std::string text;
  for (const Choice& choice : all)
    if (choice.offered) text.append(text.empty() ? "" : " ").append(choice.info->name);
  return text;
}

enum class What : std::uint8_t { kCollect, kExclude, kName, kOther };

What what_of(std::string_view parameter) {
  if (parameter == "collect[]") return What::kCollect;
  if (parameter == "exclude[]") return What::kExclude;
  if (parameter == "name[]" || parameter == "name") return What::kName;
  return What::kOther;
}

// Marks the families of a group; an error if nothing of it is offered.
Result<> mark_group(FamilySet& set, std::span<const Choice> all, const std::string& parameter,
                    const std::string& group) {
  bool found = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].group != group || !all[i].offered) continue;
    set[i] = true;
    found = true;
  }
  if (found) return {};
  return invalid_input(
      "query", parameter + "=" + group + ": no group that is on; known: " + known_groups(all));
}

Result<> mark_names(FamilySet& set, std::span<const Choice> all, const std::string& parameter,
                    const std::string& pattern) {
  bool found = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].offered || !glob_match(pattern, all[i].info->name)) continue;
    set[i] = true;
    found = true;
  }
  if (found) return {};
  return invalid_input(
      "query", parameter + "=" + pattern + ": no family that is on; known: " + known_names(all));
}

Result<> mark_pattern(FamilySet& set, const std::string& pattern) {
  const std::span<const FamilyInfo> all = catalogue();
  bool found = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!glob_match(pattern, all[i].name)) continue;
    set[i] = true;
    found = true;
  }
  if (found) return {};
  return invalid_input("families", "'" + pattern + "' matches no family (see docs/metrics.md)");
}

}  // namespace

Result<FamilySet> allowed_families(std::span<const std::string> allow,
                                   std::span<const std::string> deny) {
  FamilySet allowed(catalogue().size(), allow.empty());
  for (const std::string& pattern : allow) PLIMSOLL_TRY(mark_pattern(allowed, pattern));
  FamilySet denied(allowed.size());
  for (const std::string& pattern : deny) PLIMSOLL_TRY(mark_pattern(denied, pattern));
  for (std::size_t i = 0; i < allowed.size(); ++i) allowed[i] = allowed[i] && !denied[i];
  return allowed;
}

Result<FamilySet> requested_families(
    std::span<const std::pair<std::string, std::string>> parameters, const FamilyOffer& offer) {
  const std::vector<Choice> all = choices(offer);
  FamilySet collected(all.size());
  FamilySet excluded(all.size());
  FamilySet named(all.size());
  bool any_collected = false;
  bool any_named = false;
  for (const auto& [parameter, value] : parameters) {
    switch (what_of(parameter)) {
      case What::kCollect:
        PLIMSOLL_TRY(mark_group(collected, all, parameter, value));
        any_collected = true;
        break;
      case What::kExclude:
        PLIMSOLL_TRY(mark_group(excluded, all, parameter, value));
        break;
      case What::kName:
        PLIMSOLL_TRY(mark_names(named, all, parameter, value));
        any_named = true;
        break;
      case What::kOther:
        break;
    }
  }
  FamilySet set(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    set[i] = all[i].offered && (!any_collected || collected[i]) && !excluded[i] &&
             (!any_named || named[i]);
  return set;
}

bool chooses_families(std::span<const std::pair<std::string, std::string>> parameters) {
  return std::ranges::any_of(
      parameters, [](const auto& parameter) { return what_of(parameter.first) != What::kOther; });
}

}  // namespace plimsoll::exporter
