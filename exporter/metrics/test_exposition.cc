#include "exporter/metrics/test_exposition.h"

#include <algorithm>
#include <set>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_number(std::string_view text) {
  return text == "NaN" || text == "+Inf" || text == "-Inf" || to_double(text).has_value();
}

// Takes a quoted value off `text`, escapes undone.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] != '\\') {
      value += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (text[i] == 'n')
      value += '\n';
    else if (text[i] == '\\' || text[i] == '"')
      value += text[i];
    else
      return std::nullopt;
  }
  return std::nullopt;
}

// Takes `name="value",...` off `text`, up to the closing brace or the end.
std::optional<std::map<std::string, std::string>> take_labels(std::string_view& text) {
  std::map<std::string, std::string> labels;
  for (bool first = true; !text.empty() && text[0] != '}'; first = false) {
    if (!first && !text.starts_with(',')) return std::nullopt;
    if (!first) text.remove_prefix(1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::optional<std::string> value = take_quoted(text);
    if (!is_name(name) || !value || !labels.emplace(name, *value).second) return std::nullopt;
  }
  return labels;
}

std::optional<ParsedSample> parse_sample(std::string_view line) {
  ParsedSample sample;
  const std::size_t end = line.find_first_of("{ ");
  if (end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (line.starts_with('{')) {
    line.remove_prefix(1);
    auto labels = take_labels(line);
    if (!labels || !line.starts_with('}')) return std::nullopt;
    sample.labels = *std::move(labels);
    line.remove_prefix(1);
  }
  if (!line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  sample.value = line.substr(0, line.find(' '));
  line.remove_prefix(sample.value.size());
  if (!is_name(sample.name) || !is_number(sample.value)) return std::nullopt;
  if (line.empty()) return sample;
  sample.timestamp = line.substr(1);
  if (!to_number<std::int64_t>(sample.timestamp)) return std::nullopt;
  return sample;
}

class Parser {
 public:
  Exposition parse(std::string_view text) {
    if (!is_valid_utf8(text)) fail("not UTF-8");
    if (!text.empty() && text.back() != '\n') fail("no newline at the end");
    std::string_view line;
    while (next_line(text, line)) {
      if (line.starts_with("# HELP "))
        help(line.substr(7));
      else if (line.starts_with("# TYPE "))
        type(line.substr(7));
      else
        sample(line);
    }
    for (const auto& [name, family] : result_.families)
      if (family.samples.empty()) fail("family without samples: " + name);
    return std::move(result_);
  }

 private:
  void fail(std::string what) { result_.errors.push_back(std::move(what)); }

  void help(std::string_view rest) {
    family_ = rest.substr(0, rest.find(' '));
    const bool fresh = result_.families.try_emplace(family_).second;
    if (!fresh || !is_name(family_)) fail("bad or repeated HELP: " + family_);
    result_.families[family_].help = rest.substr(std::min(rest.size(), family_.size() + 1));
  }

  void type(std::string_view rest) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    if (name != family_) return fail("TYPE without its HELP: " + std::string(rest));
    result_.families[family_].type = rest.substr(std::min(rest.size(), family_.size() + 1));
  }

  void sample(std::string_view line) {
    std::optional<ParsedSample> parsed = parse_sample(line);
    if (!parsed) return fail("bad line: " + std::string(line));
    std::string_view suffix = parsed->name;
    if (!suffix.starts_with(family_)) return fail("not of its family: " + std::string(line));
    suffix.remove_prefix(family_.size());
    const bool histogram = result_.families[family_].type == "histogram";
    const bool ok =
        histogram ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count" : suffix.empty();
    if (!ok) fail("not of its family: " + std::string(line));
    if (!series_.insert({parsed->name, parsed->labels}).second)
      fail("series twice: " + std::string(line));
    result_.families[family_].samples.push_back(*std::move(parsed));
  }

  Exposition result_;
  std::string family_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
};

}  // namespace

std::optional<std::string> Exposition::value(
    const std::string& family, const std::map<std::string, std::string>& labels) const {
  const auto found = families.find(family);
  if (found == families.end()) return std::nullopt;
  std::optional<std::string> value;
  for (const ParsedSample& sample : found->second.samples) {
    const bool matches = std::ranges::all_of(labels, [&](const auto& label) {
      const auto it = sample.labels.find(label.first);
      return it != sample.labels.end() && it->second == label.second;
    });
    if (!matches) continue;
    if (value) return "more than one";
    value = sample.value;
  }
  return value;
}

std::size_t Exposition::series(const std::string& family) const {
  const auto found = families.find(family);
  return found == families.end() ? 0 : found->second.samples.size();
}

Exposition parse_exposition(std::string_view text) {
  return Parser().parse(text);
}

std::optional<std::map<std::string, std::string>> parse_labels(std::string_view text) {
  auto labels = take_labels(text);
  if (!text.empty()) return std::nullopt;
  return labels;
}

}  // namespace plimsoll::exporter
