#include "agent/engine/config_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "control/policy/load.h"
#include "control/policy/yaml_tree.h"

namespace plimsoll::agent {
namespace {

using policy::Problem;
using policy::YamlNode;

class Taker {
 public:
  Taker(std::string file, std::span<const Setting> settings)
      : file_(std::move(file)), settings_(settings) {}

  void problem(policy::Mark at, const std::string& what) { problems_.push_back({file_, at, what}); }

  // `above` is "log." within "log: {...}".
  void map(const YamlNode& node, const std::string& above) {
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const YamlNode& key = node.items[i];
      if (key.kind != YamlNode::Kind::kText)
        problem(key.at, "a key is a word, not " + std::string(name_of(key.kind)));
      else
        entry(key, above + key.text, node.items[i + 1]);
    }
  }

  [[nodiscard]] std::vector<Problem> take_problems() { return std::move(problems_); }

 private:
  void entry(const YamlNode& key, const std::string& path, const YamlNode& value) {
    const auto setting = std::ranges::find(settings_, path, &Setting::key);
    const bool begins = std::ranges::any_of(
        settings_, [&](const Setting& one) { return one.key.starts_with(path + "."); });
    // "containers" is a setting, and the beginning of others.
    const bool is_above = begins && value.kind == YamlNode::Kind::kMap;
    if (setting != settings_.end() && !is_above) {
      if (!seen_.insert(path).second) return problem(key.at, path + ": given twice");
      return std::visit([&](auto* target) { take(*setting, value, *target); }, setting->target);
    }
    if (is_above) return map(value, path + ".");
    if (begins)
      return problem(value.at,
                     path + ": expected keys and values, not " + std::string(name_of(value.kind)));
    unknown(key, path);
  }

  void unknown(const YamlNode& key, const std::string& path) {
    std::vector<std::string_view> keys;
    for (const Setting& one : settings_) keys.push_back(one.key);
    std::string text = "unknown key \"" + path.substr(0, 64) + "\"";
    if (const auto near = policy::nearest(path, keys))
      text += "; the nearest known one is \"" + std::string(*near) + "\"";
    else
      text += "; the keys are the flags of `plimsoll engine --help`, without the dashes";
    problem(key.at, text);
  }

  // The text, if the setting can be that.
  const std::string* text(const Setting& setting, const YamlNode& value) {
    if (value.kind != YamlNode::Kind::kText) {
      problem(value.at, std::string(setting.key) + ": expected a text, not " +
                            std::string(name_of(value.kind)));
      return nullptr;
    }
    const std::string wrong = setting.check == nullptr ? "" : setting.check(value.text);
    if (wrong.empty()) return &value.text;
    problem(value.at, std::string(setting.key) + ": " + wrong);
    return nullptr;
  }

  void take(const Setting& setting, const YamlNode& value, std::string& target) {
    if (const std::string* word = text(setting, value)) target = *word;
  }

  void take(const Setting& setting, const YamlNode& value, bool& target) {
    const std::string* word = text(setting, value);
    if (word == nullptr) return;
    if (const auto on = switch_named(*word))
      target = *on;
    else
      problem(value.at, std::string(setting.key) + ": give true or false");
  }

  // One text stands for a list of one; nothing for an empty one.
  void take(const Setting& setting, const YamlNode& value, std::vector<std::string>& target) {
    if (value.kind == YamlNode::Kind::kText || value.kind == YamlNode::Kind::kMap) {
      if (const std::string* word = text(setting, value)) target.push_back(*word);
      return;
    }
    for (const YamlNode& item : value.items)
      if (const std::string* word = text(setting, item)) target.push_back(*word);
  }

  const std::string file_;
  const std::span<const Setting> settings_;
  std::set<std::string> seen_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> take_config(const std::string& file, std::string_view text,
                                 std::span<const Setting> settings) {
  policy::YamlDocument document = policy::parse_yaml(text);
  Taker taker(file, settings);
  if (document.problem)
    taker.problem(document.problem->at, document.problem->what);
  else if (document.top.kind == YamlNode::Kind::kMap)
    taker.map(document.top, "");
  else if (document.top.kind != YamlNode::Kind::kNull)  // A file of comments says nothing.
    taker.problem(document.top.at,
                  "expected keys and values, not " + std::string(name_of(document.top.kind)));
  return taker.take_problems();
}

std::vector<Problem> take_config_file(const std::string& path, uid_t owner,
                                      std::span<const Setting> settings) {
  const auto text = policy::read_trusted(path, owner);
  if (!text) return {{path, {}, text.error().message()}};
  return take_config(path, *text, settings);
}

}  // namespace plimsoll::agent
