#include "control/policy/decode.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/go_duration.h"
#include "base/number.h"
#include "control/policy/decoder.h"

namespace plimsoll::policy {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr int kMostPriority = 1000;

std::string below(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

bool is_name(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kLongest && text.front() != '-' &&
         std::ranges::all_of(text, fits);
}

// The enumerator of this name.
template <class T, std::size_t N>
std::optional<T> named(std::string_view word, const std::array<T, N>& all) {
  for (const T one : all)
    if (name_of(one) == word) return one;
  return std::nullopt;
}

template <class T, std::size_t N>
std::vector<std::string_view> words_of(const std::array<T, N>& all) {
  std::vector<std::string_view> words;
  words.reserve(N);
  for (const T one : all) words.push_back(name_of(one));
  return words;
}

constexpr std::array kModes = {Mode::kObserve, Mode::kEnforce};
constexpr std::array kDrifts = {OnDrift::kReport, OnDrift::kRepair, OnDrift::kAdopt};

}  // namespace

std::string unknown_word(const std::string& what, std::string_view word,
                         std::span<const std::string_view> known) {
  std::string text = what + " \"" + std::string(word.substr(0, 64)) + "\"";
  if (const auto near = nearest(word, known))
    return text + "; the nearest known one is \"" + std::string(*near) + "\"";
  text += "; known are ";
  for (std::size_t i = 0; i < known.size(); ++i) text.append(i == 0 ? "" : ", ").append(known[i]);
  return text;
}

void Decoder::entries(const YamlNode& node, const std::string& path, const Entry& read) {
  if (node.kind != YamlNode::Kind::kMap)
    return problem(node, (path.empty() ? "expected" : path + ": expected") +
                             std::string(" keys and values, not ") +
                             std::string(name_of(node.kind)));
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    // Nothing is seen only at what comes after it.
    const YamlNode nothing{.at = key.at};
    const YamlNode& value =
        node.items[i + 1].kind == YamlNode::Kind::kNull ? nothing : node.items[i + 1];
    if (key.kind != YamlNode::Kind::kText)
      problem(key, (path.empty() ? "" : path + ": ") + "a key is a word, not " +
                       std::string(name_of(key.kind)));
    else if (!seen.insert(key.text).second)
      problem(key, below(path, key.text) + ": given twice");
    else
      read(key.text, value);
  }
}

void Decoder::keyed(const YamlNode& node, const std::string& path, Section section,
                    const Entry& read) {
  const auto known = names_of(section);
  // Of the key, not of its value: that is what must be changed.
  std::vector<const YamlNode*> keys;
  for (std::size_t i = 0; node.kind == YamlNode::Kind::kMap && i < node.items.size(); i += 2)
    keys.push_back(&node.items[i]);
  entries(node, path, [&](const std::string& key, const YamlNode& value) {
    if (std::ranges::find(known, key) != known.end()) return read(key, value);
    const auto at = std::ranges::find(keys, key, &YamlNode::text);
    problem(
        at != keys.end() ? **at : value,
        unknown_word((path.empty() ? "" : path + ": ") + std::string("unknown key"), key, known));
  });
}

std::optional<std::string> Decoder::text(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::kText && !node.text.empty()) return node.text;
  problem(node, path + ": expected a value, not " +
                    std::string(node.kind == YamlNode::Kind::kText ? "an empty text"
                                                                   : name_of(node.kind)));
  return std::nullopt;
}

std::vector<std::string> Decoder::texts(const YamlNode& node, const std::string& path) {
  std::vector<std::string> all;
  const bool list = node.kind == YamlNode::Kind::kList;
  if (list && node.items.empty()) problem(node, path + ": an empty list");
  for (const YamlNode& item : list ? std::span(node.items) : std::span(&node, 1))
    if (auto one = text(item, path)) all.push_back(*std::move(one));
  return all;
}

void Decoder::each(const YamlNode& node, const std::string& path,
                   const std::function<void(const YamlNode&)>& read) {
  if (node.kind != YamlNode::Kind::kList) return read(node);
  if (node.items.empty()) problem(node, path + ": an empty list");
  for (const YamlNode& item : node.items) read(item);
}

void Decoder::file(const YamlNode& top) {
  if (top.kind == YamlNode::Kind::kNull) return;  // Only comments: no rules.
  const YamlNode* list = nullptr;
  keyed(top, "", Section::kFile, [&](const std::string& key, const YamlNode& value) {
    if (key != "rules")
      common(key, value, defaults_);
    else if (value.kind != YamlNode::Kind::kNull)
      list = &value;
  });
  if (list == nullptr) return;
  if (list->kind != YamlNode::Kind::kList)
    return problem(*list, "rules: expected a list, not " + std::string(name_of(list->kind)));
  for (const YamlNode& item : list->items) rule(item);
}

// Keys that a file has for all its rules. False: another one.
bool Decoder::common(const std::string& key, const YamlNode& value, Rule& rule) {
  if (key != "mode" && key != "drift" && key != "priority") return false;
  const auto word = text(value, key);
  if (!word) return true;
  if (key == "mode") {
    if (const auto mode = named(*word, kModes))
      rule.mode = *mode;
    else
      problem(value, unknown_word("mode: unknown", *word, words_of(kModes)));
  } else if (key == "drift") {
    if (const auto drift = named(*word, kDrifts))
      rule.drift = *drift;
    else
      problem(value, unknown_word("drift: unknown", *word, words_of(kDrifts)));
  } else {
    const auto number = to_number<int>(*word);
    if (number && *number >= -kMostPriority && *number <= kMostPriority)
      rule.priority = *number;
    else
      problem(value, "priority: \"" + *word + "\" is not a whole number from -1000 to 1000");
  }
  return true;
}

void Decoder::rule(const YamlNode& node) {
  Rule rule = defaults_;
  rule.file = file_;
  rule.at = node.at;
  const std::size_t before = problems_.size();
  std::set<std::string, std::less<>> given;
  keyed(node, "rule", Section::kRule, [&](const std::string& key, const YamlNode& value) {
    given.insert(key);
    if (common(key, value, rule)) return;
    if (key == "name") return name(value, rule);
    if (key == "match") {
      rule.match = match(value, "match");
    } else if (key == "not") {
      each(value, "not",
           [&](const YamlNode& one) { rule.exceptions.push_back(match(one, "not")); });
    } else if (key == "limits") {
      limits(value, rule);
    } else if (key == "when") {
      when(value, rule);
    } else {
      min_observed(value, rule);
    }
  });
  if (node.kind == YamlNode::Kind::kMap)
    for (const char* key : {"name", "match", "limits"})
      if (!given.contains(key))
        problem(node, "rule" + (rule.name.empty() ? "" : " " + rule.name) + ": has no " + key);
  if (problems_.size() == before) rules_.push_back(std::move(rule));
}

void Decoder::name(const YamlNode& node, Rule& rule) {
  const auto word = text(node, "name");
  if (!word) return;
  if (is_name(*word))
    rule.name = *word;
  else
    problem(node, "name: letters, digits, '.', '_' and '-', at most 64");
}

void Decoder::min_observed(const YamlNode& node, Rule& rule) {
  const auto word = text(node, "min_observed");
  if (!word) return;
  const auto span = parse_go_duration(*word);
  if (span && *span >= std::chrono::seconds(10) && *span <= std::chrono::hours(24 * 30))
    rule.min_observed = std::chrono::duration_cast<std::chrono::seconds>(*span);
  else
    problem(node, "min_observed: \"" + *word + "\" is not a duration from 10s to 720h");
}

Decoded decode(const std::string& file, std::string_view text) {
  if (text.size() > kMostBytes) return {{}, {{file, {}, "larger than 1 MiB"}}};
  YamlDocument document = parse_yaml(text);
  if (document.problem) {
    document.problem->file = file;
    return {{}, {*std::move(document.problem)}};
  }
  Decoder decoder(file);
  decoder.file(document.top);
  std::ranges::stable_sort(decoder.problems(), {}, [](const Problem& problem) {
    return std::pair(problem.at.line, problem.at.column);
  });
  return {std::move(decoder.rules()), std::move(decoder.problems())};
}

}  // namespace plimsoll::policy
