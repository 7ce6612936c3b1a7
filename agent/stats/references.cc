#include "agent/stats/references.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace plimsoll::agent {

namespace {

struct Wanted {
  std::string_view runtime;  // "" = any.
  std::string_view word;
};

using Rule = bool (*)(const StatsRow& row, std::string_view word);

bool named(const StatsRow& row, std::string_view word) {
  if (word.starts_with('/')) word.remove_prefix(1);
  if (word.empty()) return false;
  return row.name == word || (!row.host.empty() && row.host + "/" + row.name == word);
}
bool pod_container(const StatsRow& row, std::string_view word) {
  if (row.pod_name.empty()) return false;
  const std::string in_pod = row.pod_name + "/" + row.pod_container;
  return word == in_pod || word == row.pod_namespace + "/" + in_pod;
}

constexpr auto kRules = std::to_array<Rule>({
    [](const StatsRow& row, std::string_view word) { return row.is_container && row.id == word; },
    [](const StatsRow& row, std::string_view word) { return row.is_container && named(row, word); },
    [](const StatsRow& row, std::string_view word) {
      return row.is_container && pod_container(row, word);
    },
    [](const StatsRow& row, std::string_view word) {
      return row.is_container && row.id.starts_with(word);
    },
    [](const StatsRow& row, std::string_view word) { return row.id == word || named(row, word); },
    [](const StatsRow& row, std::string_view word) { return row.cgroup == word; },
});

std::vector<const StatsRow*> find(const Wanted& wanted, std::span<const StatsRow> rows) {
  std::vector<const StatsRow*> found;
  for (const Rule rule : kRules) {
    for (const StatsRow& row : rows)
      if ((wanted.runtime.empty() || row.runtime == wanted.runtime) && rule(row, wanted.word))
        found.push_back(&row);
    if (!found.empty()) break;
  }
  return found;
}

// "docker:web": the part before the colon counts only if some row has such a runtime.
Wanted split(std::string_view word, std::span<const StatsRow> rows) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return {{}, word};
  const std::string_view runtime = word.substr(0, colon);
  const bool known = std::any_of(rows.begin(), rows.end(),
                                 [&](const StatsRow& row) { return row.runtime == runtime; });
  return known ? Wanted{runtime, word.substr(colon + 1)} : Wanted{{}, word};
}

std::string not_unique(const std::string& word, const std::vector<const StatsRow*>& found) {
  constexpr std::size_t kShown = 4;
  std::string text = "'" + word + "' is not unique:";
  for (std::size_t i = 0; i < found.size() && i < kShown; ++i)
    text += " " + (found[i]->host.empty() ? found[i]->runtime + ":" : found[i]->host + "/") +
            found[i]->name;
  if (found.size() > kShown) text += " and " + std::to_string(found.size() - kShown) + " more";
  return text + "; give more of the id, or " +
         (found.front()->host.empty() ? "runtime:name" : "HOST/NAME");
}

StatsRow identity_of(const StatsRow& row) {
  StatsRow identity;
  identity.host = row.host;
  identity.id = row.id;
  identity.name = row.name;
  identity.runtime = row.runtime;
  identity.image = row.image;
  identity.cgroup = row.cgroup;
  identity.container = row.container;
  identity.compose_project = row.compose_project;
  identity.compose_service = row.compose_service;
  identity.pod_name = row.pod_name;
  identity.pod_namespace = row.pod_namespace;
  identity.pod_container = row.pod_container;
  identity.labels = row.labels;
  identity.is_container = row.is_container;
  identity.sandbox = row.sandbox;
  identity.created = row.created;
  identity.started = row.started;
  return identity;
}

}  // namespace

References::References(std::span<const std::string> words, std::span<const StatsRow> rows) {
  for (const std::string& word : words) {
    const std::vector<const StatsRow*> found = find(split(word, rows), rows);
    if (found.empty()) {
      problems_.push_back("no container, unit or cgroup is called '" + word +
                          "'; 'plimsoll stats --no-stream --all-cgroups' lists what is there");
    } else if (found.size() > 1) {
      problems_.push_back(not_unique(word, found));
    } else {
      identities_.push_back(identity_of(*found.front()));
      identities_.back().container = word;
    }
  }
}

std::vector<StatsRow> References::pick(std::span<const StatsRow> rows) const {
  std::vector<StatsRow> picked;
  for (const StatsRow& identity : identities_) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const StatsRow& candidate) {
      return candidate.id == identity.id && candidate.runtime == identity.runtime &&
             candidate.host == identity.host;
    });
    picked.push_back(row == rows.end() ? identity : *row);
    picked.back().container = identity.container;
  }
  return picked;
}

}  // namespace plimsoll::agent
