#include "agent/stats/csv.h"

#include "agent/stats/units.h"

namespace plimsoll::agent {

namespace {

std::string quoted_if_needed(std::string text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string cell(const RawValue& value) {
  // To readers of numbers it is one, above all others.
  if (value.kind == RawValue::Kind::kUnlimited) return "inf";
  return value.kind == RawValue::Kind::kText ? quoted_if_needed(printable(value.text)) : value.text;
}

}  // namespace

std::string csv_header(const std::vector<const RawField*>& fields) {
  std::string line;
  for (const RawField* field : fields) {
    if (!line.empty()) line += ',';
    line += field->name;
  }
  return line + "\n";
}

std::string csv_lines(const std::vector<const RawField*>& fields, const std::vector<StatsRow>& rows,
                      const TextStyle& style) {
  std::string out;
  for (const StatsRow& row : rows) {
    for (const RawField* field : fields) {
      out += cell(field->value(row, style));
      out += ',';
    }
    out.back() = '\n';
  }
  return out;
}

}  // namespace plimsoll::agent
