// Walking a policy file and collecting what is wrong with it. For decode*.cc alone.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/policy/keys.h"
#include "control/policy/problem.h"
#include "control/policy/rule.h"
#include "control/policy/yaml_tree.h"

namespace plimsoll::policy {

class Decoder {
 public:
  explicit Decoder(std::string file) : file_(std::move(file)) {}

  void file(const YamlNode& top);

  void problem(const YamlNode& node, const std::string& what) {
    problems_.push_back({file_, node.at, what});
  }
  [[nodiscard]] std::vector<Rule>& rules() { return rules_; }
  [[nodiscard]] std::vector<Problem>& problems() { return problems_; }

 private:
  // `path` is how messages call the node: "match.label".
  using Entry = std::function<void(const std::string& key, const YamlNode& value)>;
  // A map with any keys, each once.
  void entries(const YamlNode& node, const std::string& path, const Entry& read);
  // A map with keys of the section.
  void keyed(const YamlNode& node, const std::string& path, Section section, const Entry& read);
  std::optional<std::string> text(const YamlNode& node, const std::string& path);
  std::vector<std::string> texts(const YamlNode& node, const std::string& path);
  // One map, or a list of maps.
  void each(const YamlNode& node, const std::string& path,
            const std::function<void(const YamlNode&)>& read);

  void rule(const YamlNode& node);
  bool common(const std::string& key, const YamlNode& value, Rule& rule);
  void name(const YamlNode& node, Rule& rule);
  void min_observed(const YamlNode& node, Rule& rule);
  Match match(const YamlNode& node, const std::string& path);
  void globs(const YamlNode& node, const std::string& path, Term term, Match& match);
  void limits(const YamlNode& node, Rule& rule);
  void amounts(const YamlNode& node, limit::Knob knob, Rule& rule);
  void amount(const YamlNode& node, limit::Knob knob, const std::string& text, Rule& rule);
  void when(const YamlNode& node, Rule& rule);
  void window(const YamlNode& node, Rule& rule);
  std::optional<int> minute(const YamlNode& node, const std::string& path);

  std::string file_;
  Rule defaults_;
  std::vector<Rule> rules_;
  std::vector<Problem> problems_;
};

// The word among them, or a sentence that says what there is, the nearest first.
[[nodiscard]] std::string unknown_word(const std::string& what, std::string_view word,
                                       std::span<const std::string_view> known);

}  // namespace plimsoll::policy
