#include "agent/engine/metrics_text.h"

#include <array>
#include <charconv>

namespace plimsoll::agent {
namespace {

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::begin(std::string_view name, Labels labels) {
  text_.append(name);
  char separator = '{';
  for (const auto& [label, value] : labels) {
    text_ += separator;
    text_.append(label).append("=").append(quoted(value));
    separator = ',';
  }
  text_.append(labels.size() == 0 ? " " : "} ");
}

void MetricsText::sample(std::string_view name, Labels labels, std::uint64_t value) {
  begin(name, labels);
  text_.append(std::to_string(value)).append("\n");
}

void MetricsText::sample(std::string_view name, Labels labels, double value) {
  begin(name, labels);
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text_.append(digits.data(), end.ptr).append("\n");
}

void MetricsText::one(std::string_view name, std::string_view type, std::string_view help,
                      std::uint64_t value) {
  family(name, type, help);
  sample(name, {}, value);
}

}  // namespace plimsoll::agent
