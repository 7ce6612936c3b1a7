#include "exporter/metrics/header_list.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// tchar of RFC 9110, and '/' for media ranges.
bool is_word(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~/";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// Where the piece of `text` before the next `separator` outside quotes ends.
std::size_t piece_end(std::string_view text, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == separator)
      return i;
  }
  return text.size();
}

std::string_view take_piece(std::string_view& text, char separator) {
  const std::size_t end = piece_end(text, separator);
  const std::string_view piece = trim(text.substr(0, end));
  text.remove_prefix(std::min(text.size(), end + 1));
  return piece;
}

// "0", "0.5", "1.000": at most three digits behind the point.
std::optional<double> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2)))
    if (c < '0' || c > '9') return std::nullopt;
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto weight = to_double(text);
  return weight && *weight <= 1 ? weight : std::nullopt;
}

std::optional<std::string_view> parse_value(std::string_view text) {
  if (!text.starts_with('"')) return is_word(text) ? std::optional(text) : std::nullopt;
  if (text.size() < 2 || !text.ends_with('"')) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

std::optional<HeaderElement> parse_element(std::string_view text) {
  HeaderElement element;
  element.value = take_piece(text, ';');
  if (!is_word(element.value)) return std::nullopt;
  while (!text.empty()) {
    std::string_view pair = take_piece(text, ';');
    if (pair.empty()) continue;
    const std::string_view name = take_piece(pair, '=');
    const auto value = parse_value(trim(pair));
    if (!is_word(name) || !value) return std::nullopt;
    if (!equal_words(name, "q")) {
      element.parameters.push_back({name, *value});
      continue;
    }
    const auto weight = parse_weight(*value);
    if (!weight) return std::nullopt;
    element.q = *weight;
    break;  // What follows q are extensions of the header, not of the element.
  }
  return element;
}

}  // namespace

bool equal_words(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<HeaderElement> parse_header_list(std::string_view text) {
  std::vector<HeaderElement> elements;
  while (!text.empty()) {
    auto element = parse_element(take_piece(text, ','));
    if (element) elements.push_back(*std::move(element));
  }
  return elements;
}

}  // namespace plimsoll::exporter
