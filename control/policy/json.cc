#include "control/policy/json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace plimsoll::policy {
namespace {

using Json = nlohmann::ordered_json;

// nlohmann throws at bytes that are no UTF-8; labels and file names may have some.
Json text_json(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  return valid;
}

Json match_json(const Match& match) {
  Json json = Json::object();
  for (const Term& term : match) {
    Json globs = Json::array();
    for (const std::string& glob : term.globs) globs.push_back(text_json(glob));
    if (term.field == Field::kLabel)
      json["label"][text_json(term.label).get<std::string>()] = std::move(globs);
    else
      json[std::string(name_of(term.field))] = std::move(globs);
  }
  return json;
}

Json limits_json(const Rule& rule) {
  Json json = Json::array();
  for (const Amount& amount : rule.limits)
    json.push_back({{"knob", limit::name_of(amount.knob)},
                    {"detail", text_json(amount.detail)},
                    {"value", text_json(amount.text)}});
  return json;
}

Json rule_json(const Rule& rule) {
  Json json = {{"name", rule.name},
               {"file", text_json(rule.file)},
               {"line", rule.at.line},
               {"priority", rule.priority},
               {"mode", name_of(rule.mode)},
               {"drift", name_of(rule.drift)},
               {"match", match_json(rule.match)},
               {"not", Json::array()},
               {"limits", limits_json(rule)},
               {"when", Json::array()},
               {"min_observed_seconds", rule.min_observed.count()}};
  for (const Match& exception : rule.exceptions) json["not"].push_back(match_json(exception));
  for (const Window& window : rule.windows) json["when"].push_back(to_text(window));
  return json;
}

}  // namespace

std::string policy_json(const PolicySet& set, std::span<const Problem> problems) {
  Json json = {{"loaded", rfc3339(set.loaded)},
               {"files", Json::array()},
               {"rules", Json::array()},
               {"problems", Json::array()}};
  for (const std::string& file : set.files) json["files"].push_back(text_json(file));
  for (const Rule& rule : set.rules) json["rules"].push_back(rule_json(rule));
  for (const Problem& problem : problems) json["problems"].push_back(text_json(to_text(problem)));
  return json.dump();
}

std::string decision_json(const Decision& decision) {
  Json json = {{"rules", Json::array()}, {"knobs", Json::array()}};
  for (const Verdict& verdict : decision.rules)
    json["rules"].push_back({{"rule", verdict.rule->name},
                             {"mode", name_of(verdict.rule->mode)},
                             {"priority", verdict.rule->priority},
                             {"verdict", name_of(verdict.kind)},
                             {"why", text_json(verdict.why)}});
  for (const KnobDecision& knob : decision.knobs) {
    Json candidates = Json::array();
    for (const Candidate& one : knob.candidates)
      candidates.push_back(
          {{"rule", one.rule->name},
           {"priority", one.rule->priority},
           {"standing", name_of(one.standing)},
           {"value", one.setting ? text_json(limit::to_text(*one.setting)) : Json()},
           {"how", text_json(one.how)}});
    json["knobs"].push_back({{"knob", limit::name_of(knob.knob)},
                             {"detail", text_json(knob.detail)},
                             {"candidates", std::move(candidates)}});
  }
  if (decision.next_change) json["next_change"] = rfc3339(*decision.next_change);
  return json.dump();
}

}  // namespace plimsoll::policy
