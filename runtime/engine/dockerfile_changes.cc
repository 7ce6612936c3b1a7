#include "runtime/engine/dockerfile_changes.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/fill_in.h"
#include "base/go_duration.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/places.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

// Words as a shell would take them: quotes hold blanks, a backslash holds the next letter.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

// ["a","b"], if it is that.
std::optional<std::vector<std::string>> json_words(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const auto document = json::parse(text);
  if (!document || document->root.type != json::Type::kArray) return std::nullopt;
  std::vector<std::string> words;
  for (const json::Member& member : document->root.members) {
    if (member.value.type != json::Type::kString) return std::nullopt;
    words.emplace_back(member.value.text);
  }
  return words;
}

std::vector<std::string> command_of(std::string_view text) {
  if (auto words = json_words(text)) return *std::move(words);
  return {"/bin/sh", "-c", std::string(text)};
}

// "a=1 b=2", or the old "a the rest".
Answer<std::vector<std::pair<std::string, std::string>>> pairs_of(std::string_view text,
                                                                  std::string_view line) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::vector<std::string> words = words_of(text);
  if (!words.empty() && words.front().find('=') == std::string::npos) {
    std::string_view rest = text;
    std::string_view name;
    next_word(rest, name);
    if (trim(rest).empty())
      return refuse(Refused::kInvalid, fill_in("{} must have two arguments", line));
    pairs.emplace_back(name, trim(rest));
    return pairs;
  }
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return refuse(
          Refused::kInvalid,
          fill_in("Syntax error - can't find = in \"{}\". Must be of the form: name=value", word));
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

Answer<> health(std::string_view text, std::string_view line, model::Config& config) {
  model::Healthcheck check;
  std::string_view word;
  while (next_word(text, word) && word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(2, equals - 2);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    if (name == "retries") {
      const auto number = to_number<int>(value);
      if (!number) return refuse(Refused::kInvalid, fill_in("{}: no number: {}", line, value));
      check.retries = *number;
      continue;
    }
    const auto time = parse_go_duration(value);
    if (!time) return refuse(Refused::kInvalid, fill_in("{}: no duration: {}", line, value));
    if (name == "interval")
      check.interval = *time;
    else if (name == "timeout")
      check.timeout = *time;
    else if (name == "start-period")
      check.start_period = *time;
    else if (name == "start-interval")
      check.start_interval = *time;
    else
      return refuse(Refused::kInvalid, fill_in("Unknown flag: {}", name));
  }
  if (word == "NONE") {
    check.test = {"NONE"};
  } else if (word == "CMD") {
    if (auto words = json_words(trim(text))) {
      check.test = *std::move(words);
      check.test.insert(check.test.begin(), "CMD");
    } else {
      check.test = {"CMD-SHELL", std::string(trim(text))};
    }
  } else {
    return refuse(Refused::kInvalid, fill_in("Unknown type \"{}\" in HEALTHCHECK", word));
  }
  config.healthcheck = std::move(check);
  return {};
}

Answer<> apply(std::string_view line, model::Config& config) {
  std::string_view rest = line;
  std::string_view first;
  next_word(rest, first);
  std::string name(first);
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const std::string_view text = trim(rest);
  if (text.empty())
    return refuse(Refused::kInvalid, fill_in("{} requires at least one argument", name));
  if (name == "CMD") {
    config.cmd = command_of(text);
  } else if (name == "ENTRYPOINT") {
    config.entrypoint = command_of(text);
  } else if (name == "ENV") {
    for (const auto& [key, value] : PLIMSOLL_TRY(pairs_of(text, line)))
      set_variable(config.env, key + "=" + value);
  } else if (name == "LABEL") {
    for (const auto& [key, value] : PLIMSOLL_TRY(pairs_of(text, line))) config.labels[key] = value;
  } else if (name == "EXPOSE") {
    for (const std::string& port : words_of(text))
      config.exposed_ports.insert(port.find('/') == std::string::npos ? port + "/tcp" : port);
  } else if (name == "VOLUME") {
    for (const std::string& volume : json_words(text).value_or(words_of(text)))
      config.volumes.insert(volume);
  } else if (name == "USER") {
    config.user = text;
  } else if (name == "WORKDIR") {
    config.working_dir = clean_path(
        text.starts_with('/') ? std::string(text) : config.working_dir + "/" + std::string(text));
  } else if (name == "STOPSIGNAL") {
    PLIMSOLL_TRY(signal_of(std::string(text)));
    config.stop_signal = text;
  } else if (name == "ONBUILD") {
    config.on_build.emplace_back(text);
  } else if (name == "HEALTHCHECK") {
    return health(text, line, config);
  } else {
    return refuse(Refused::kInvalid, fill_in("{} is not a valid change command", name));
  }
  return {};
}

}  // namespace

Answer<> apply_changes(const std::vector<std::string>& lines, model::Config& config) {
  for (const std::string& text : lines) {
    std::string_view rest = text;
    std::string_view line;
    while (next_line(rest, line))
      if (!trim(line).empty()) PLIMSOLL_TRY(apply(trim(line), config));
  }
  return {};
}

model::Config merge_over(model::Config own, model::Config base) {
  const auto take = [](auto& value, auto& over) {
    if (over != std::decay_t<decltype(over)>{}) value = std::move(over);
  };
  take(base.user, own.user);
  take(base.working_dir, own.working_dir);
  take(base.stop_signal, own.stop_signal);
  take(base.healthcheck, own.healthcheck);
  take(base.cmd, own.cmd);
  take(base.entrypoint, own.entrypoint);
  for (const std::string& variable : own.env) set_variable(base.env, variable);
  base.exposed_ports.merge(own.exposed_ports);
  base.volumes.merge(own.volumes);
  own.labels.merge(base.labels);
  base.labels = std::move(own.labels);
  take(base.on_build, own.on_build);
  return base;
}

}  // namespace plimsoll::engine
