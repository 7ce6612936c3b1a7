#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "agent/stats/template_tree.h"
#include "agent/stats/units.h"
#include "base/number.h"

namespace plimsoll::agent {

namespace {

using Kind = TemplateValue::Kind;
using Arguments = std::span<const TemplateValue>;

// pad and truncate take small counts; a mistyped one must not fill memory.
constexpr double kMaxCount = 4096;

std::size_t count_of(const TemplateValue& value) {
  const double number = to_double(value.text).value_or(0);
  return static_cast<std::size_t>(std::clamp(number, 0.0, kMaxCount));
}

TemplateValue boolean(bool value) {
  return {value ? "true" : "false", Kind::kBool};
}

TemplateValue mapped(const TemplateValue& value, int (*change)(int)) {
  TemplateValue result = value;
  for (char& c : result.text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return result;
}

TemplateValue json(Arguments a) {
  return {a[0].kind == Kind::kText ? json_string(a[0].text) : a[0].text};
}
TemplateValue lower(Arguments a) {
  return mapped(a[0], std::tolower);
}
TemplateValue upper(Arguments a) {
  return mapped(a[0], std::toupper);
}
TemplateValue title(Arguments a) {
  TemplateValue result = a[0];
  bool first = true;
  for (char& c : result.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (first) c = static_cast<char>(std::toupper(byte));
    first = std::isspace(byte) != 0;
  }
  return result;
}
// pad text before after: blanks on both sides, nothing around an empty text.
TemplateValue pad(Arguments a) {
  if (a[0].text.empty()) return a[0];
  return {std::string(count_of(a[1]), ' ') + a[0].text + std::string(count_of(a[2]), ' ')};
}
TemplateValue truncate(Arguments a) {
  return {a[0].text.substr(0, count_of(a[1]))};
}
TemplateValue print(Arguments a) {
  std::string text;
  for (const TemplateValue& value : a) text += value.text;
  return {text};
}
TemplateValue len(Arguments a) {
  return {std::to_string(a[0].text.size()), Kind::kNumber};
}

// %s %v %d take the text as it is, %q quotes, %% is a percent sign; a width as in %-20s pads.
TemplateValue format(Arguments a) {
  const std::string& pattern = a[0].text;
  std::string out;
  std::size_t argument = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    std::size_t verb = pattern.find_first_not_of("-0123456789.", i + 1);
    if (verb == std::string::npos) verb = pattern.size() - 1;
    const std::string_view spec(pattern.data() + i + 1, verb - i - 1);
    i = verb;
    if (pattern[verb] == '%') {
      out += '%';
    } else if (argument >= a.size()) {
      out += "%!(MISSING)";
    } else {
      std::string text = a[argument].text;
      if (pattern[verb] == 'q') text = json_string(text);
      ++argument;
      const bool left = spec.starts_with('-');
      const std::size_t width = count_of({std::string(spec.substr(left ? 1 : 0))});
      const std::string blanks(width - std::min(width, text.size()), ' ');
      out += left ? text + blanks : blanks + text;
    }
  }
  return {out};
}

// Numbers by value where both sides are numbers ("50" and "50.0"), else by text.
int compare(const TemplateValue& a, const TemplateValue& b) {
  const auto x = to_double(a.text);
  const auto y = to_double(b.text);
  if (x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  return a.text.compare(b.text);
}
TemplateValue eq(Arguments a) {
  return boolean(std::any_of(a.begin() + 1, a.end(),
                             [&](const TemplateValue& b) { return compare(a[0], b) == 0; }));
}
TemplateValue ne(Arguments a) {
  return boolean(compare(a[0], a[1]) != 0);
}
TemplateValue lt(Arguments a) {
  return boolean(compare(a[0], a[1]) < 0);
}
TemplateValue le(Arguments a) {
  return boolean(compare(a[0], a[1]) <= 0);
}
TemplateValue gt(Arguments a) {
  return boolean(compare(a[0], a[1]) > 0);
}
TemplateValue ge(Arguments a) {
  return boolean(compare(a[0], a[1]) >= 0);
}
// Go's and/or give the deciding argument itself.
TemplateValue all_of(Arguments a) {
  const auto first = std::find_if_not(a.begin(), a.end(), truth);
  return first == a.end() ? a.back() : *first;
}
TemplateValue any_of(Arguments a) {
  const auto first = std::find_if(a.begin(), a.end(), truth);
  return first == a.end() ? a.back() : *first;
}
TemplateValue negate(Arguments a) {
  return boolean(!truth(a[0]));
}

constexpr std::size_t kMany = 64;
constexpr auto kFunctions = std::to_array<TemplateFunction>({
    {"json", 1, 1, json, true},
    {"lower", 1, 1, lower, true},
    {"upper", 1, 1, upper, true},
    {"title", 1, 1, title, true},
    {"pad", 3, 3, pad, false},
    {"truncate", 2, 2, truncate, true},
    {"print", 1, kMany, print, false},
    {"printf", 1, kMany, format, false},
    {"len", 1, 1, len, true},
    {"eq", 2, kMany, eq, false},
    {"ne", 2, 2, ne, false},
    {"lt", 2, 2, lt, false},
    {"le", 2, 2, le, false},
    {"gt", 2, 2, gt, false},
    {"ge", 2, 2, ge, false},
    {"and", 1, kMany, all_of, false},
    {"or", 1, kMany, any_of, false},
    {"not", 1, 1, negate, false},
});

}  // namespace

const TemplateFunction* find_function(std::string_view name) {
  const auto* found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                   [&](const TemplateFunction& f) { return f.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

std::string function_names() {
  std::string names;
  for (const TemplateFunction& function : kFunctions) {
    if (!names.empty()) names += ' ';
    names += function.name;
  }
  return names;
}

bool truth(const TemplateValue& value) {
  if (value.kind == Kind::kBool) return value.text == "true";
  if (value.kind == Kind::kNumber) return to_double(value.text).value_or(0) != 0;
  return !value.text.empty();
}

}  // namespace plimsoll::agent
