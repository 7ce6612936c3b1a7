#include "control/policy/match.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "control/policy/glob_relation.h"

namespace plimsoll::policy {
namespace {

using Answer = Matching::Answer;
using inventory::Identity;

// The texts of one field; an image has several usual spellings. Empty: there is none.
std::vector<std::string_view> values_of(const Term& term, const Identity& identity) {
  const auto some = [](std::string_view text) {
    return text.empty() ? std::vector<std::string_view>() : std::vector{text};
  };
  switch (term.field) {
    case Field::kName:
      return some(identity.display);
    case Field::kImage: {
      // Docker's own registry and namespace are usually left out.
      auto images = some(identity.image);
      std::string_view rest = identity.image;
      for (const std::string_view prefix : {"docker.io/", "library/"}) {
        if (!rest.starts_with(prefix)) break;
        rest.remove_prefix(prefix.size());
        images.push_back(rest);
      }
      return images;
    }
    case Field::kLabel: {
      const auto label = std::ranges::find(identity.labels, term.label,
                                           &std::pair<std::string, std::string>::first);
      // A label may be there and say nothing.
      if (label == identity.labels.end()) return {};
      return {label->second};
    }
    case Field::kRuntime:
      return some(inventory::name_of(identity.runtime));
    case Field::kCgroup:
      return some(identity.cgroup);
    case Field::kComposeProject:
      return some(identity.compose_project);
    case Field::kComposeService:
      return some(identity.compose_service);
    case Field::kNamespace:
      return some(identity.pod_namespace);
    case Field::kPod:
      return some(identity.pod_name);
    case Field::kContainer:
      break;
  }
  return some(identity.pod_container);
}

bool known_from_path(Field field) {
  return field == Field::kRuntime || field == Field::kCgroup;
}

Matching match_term(const Term& term, const Identity& identity) {
  const auto values = values_of(term, identity);
  const bool yes = std::ranges::any_of(values, [&](std::string_view value) {
    return std::ranges::any_of(term.globs,
                               [&](const auto& glob) { return glob_match(glob, value); });
  });
  if (yes) return {Answer::kYes, ""};
  if (identity.metadata != inventory::Metadata::kComplete && !known_from_path(term.field))
    return {Answer::kUnknown,
            std::string(name_of(term.field)) + (identity.metadata == inventory::Metadata::kPending
                                                    ? " is not known yet"
                                                    : " may not be read: see plimsoll doctor")};
  const std::string value = values.empty() ? "nothing" : "\"" + std::string(values.front()) + "\"";
  return {Answer::kNo, to_text(term) + " is not " + value};
}

// kNo outweighs kUnknown: whatever the rest turns out to be, it does not match.
Matching match_all(const Match& terms, const Identity& identity) {
  Matching unknown{Answer::kYes, ""};
  for (const Term& term : terms) {
    Matching one = match_term(term, identity);
    if (one.answer == Answer::kNo) return one;
    if (one.answer == Answer::kUnknown && unknown.answer == Answer::kYes) unknown = std::move(one);
  }
  return unknown;
}

// Limits on a slice or a service of the host are meant only when somebody says so.
bool is_meant(const Rule& rule, const Identity& identity) {
  if (identity.runtime == inventory::Runtime::kRoot || identity.sandbox) return false;
  if (identity.is_container()) return true;
  const std::string_view kind = inventory::name_of(identity.runtime);
  return std::ranges::any_of(rule.match, [&](const Term& term) {
    return term.field == Field::kRuntime && std::ranges::find(term.globs, kind) != term.globs.end();
  });
}

// What values_of() takes off an image's name.
constexpr std::array<std::string_view, 3> kImagePrefixes = {"", "docker.io/", "docker.io/library/"};

bool images_meet(const std::string& one, const std::string& other) {
  return std::ranges::any_of(kImagePrefixes, [&](std::string_view prefix) {
    return std::ranges::any_of(kImagePrefixes, [&](std::string_view another) {
      return globs_meet(std::string(prefix) + one, std::string(another) + other);
    });
  });
}

// No value can satisfy both.
bool are_apart(const Term& one, const Term& other) {
  if (one.field != other.field || one.label != other.label) return false;
  const auto meet = [&](const std::string& glob, const std::string& another) {
    return one.field == Field::kImage ? images_meet(glob, another) : globs_meet(glob, another);
  };
  return std::ranges::none_of(one.globs, [&](const auto& glob) {
    return std::ranges::any_of(other.globs,
                               [&](const auto& another) { return meet(glob, another); });
  });
}

// Whatever satisfies `terms` satisfies `exception` as well.
bool is_covered(const Match& terms, const Match& exception) {
  return std::ranges::all_of(exception, [&](const Term& wide) {
    return std::ranges::any_of(terms, [&](const Term& narrow) {
      return narrow.field == wide.field && narrow.label == wide.label &&
             std::ranges::all_of(narrow.globs, [&](const auto& glob) {
               return std::ranges::any_of(
                   wide.globs, [&](const auto& over) { return glob_covers(over, glob); });
             });
    });
  });
}

}  // namespace

Matching match(const Rule& rule, const Identity& identity) {
  if (!is_meant(rule, identity))
    return {Answer::kNo, "no container; rules for other groups name their kind: runtime: " +
                             std::string(inventory::name_of(identity.runtime))};
  Matching matching = match_all(rule.match, identity);
  if (matching.answer == Answer::kNo) return matching;
  for (const Match& exception : rule.exceptions) {
    Matching excepted = match_all(exception, identity);
    if (excepted.answer == Answer::kYes) {
      std::string which;
      for (const Term& term : exception) which += (which.empty() ? "" : "; ") + to_text(term);
      return {Answer::kNo, "not: " + which};
    }
    if (excepted.answer == Answer::kUnknown && matching.answer == Answer::kYes)
      matching = std::move(excepted);
  }
  return matching;
}

bool may_both_match(const Rule& one, const Rule& other) {
  for (const Term& term : one.match)
    if (std::ranges::any_of(other.match, [&](const Term& t) { return are_apart(term, t); }))
      return false;
  const auto excepted = [](const Rule& rule, const Rule& by) {
    return std::ranges::any_of(
        by.exceptions, [&](const Match& exception) { return is_covered(rule.match, exception); });
  };
  return !excepted(one, other) && !excepted(other, one);
}

}  // namespace plimsoll::policy
