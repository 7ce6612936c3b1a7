#include "http/target.h"

#include <algorithm>
#include <optional>

namespace plimsoll::http {

namespace {

enum class Plus { kIsPlus, kIsSpace };

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// Exactly one pass: "%252e" becomes "%2e" and stays it.
Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return invalid_input("decode", "invalid percent escape");
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    } else if (c == '+' && plus == Plus::kIsSpace) {
      c = ' ';
    }
    // C strings downstream would see a shorter name than the one that was checked.
    if (c == '\0') return invalid_input("decode", "NUL byte");
    out.push_back(c);
  }
  return out;
}

// On the decoded path, so that "%2e%2e" and "..%2f" count too.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
  return false;
}

struct Parts {
  std::string_view path;
  std::string_view query;
};

// Proxies send the absolute form; the host in it is nothing to us.
Parts split(std::string_view text) {
  bool is_absolute = false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
    is_absolute = true;
    break;
  }
  const std::size_t question = std::min(text.find('?'), text.size());
  Parts parts{text.substr(0, question), text.substr(question)};
  if (!parts.query.empty()) parts.query.remove_prefix(1);
  if (parts.path.empty() && is_absolute) parts.path = "/";  // RFC 9110 section 4.2.3.
  return parts;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::string name = PLIMSOLL_TRY(decode(pair.substr(0, equals), Plus::kIsSpace));
    std::string value;
    if (equals != std::string_view::npos)
      value = PLIMSOLL_TRY(decode(pair.substr(equals + 1), Plus::kIsSpace));
    query.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (text.find('#') != std::string_view::npos)
    return invalid_input("parse", "fragment in the request target");
  const Parts parts = split(text);
  Target target;
  target.path = PLIMSOLL_TRY(decode(parts.path, Plus::kIsPlus));
  if (!target.path.starts_with('/')) return invalid_input("parse", "the path must start with '/'");
  if (has_dot_segment(target.path)) return invalid_input("parse", "'.' or '..' in the path");
  target.query = PLIMSOLL_TRY(parse_query(parts.query));
  return target;
}

}  // namespace plimsoll::http
