// The catalogue for a terminal and for programs.
#include <algorithm>
#include <array>

#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/tested.h"

namespace plimsoll::exporter {

namespace {

constexpr std::size_t kColumns = 6;
using Line = std::array<std::string_view, kColumns>;
constexpr Line kTitles = {"NAME", "TYPE", "UNIT", "GROUP", "LABELS", "HELP"};

std::string_view dash_if_empty(std::string_view text) {
  return text.empty() ? "-" : text;
}

Line line_of(const FamilyInfo& info) {
  return {info.name,
          name_of(info.type),
          dash_if_empty(info.unit),
          group_word(info.group),
          dash_if_empty(info.labels),
          info.help};
}

// Our own texts hold neither quotes nor backslashes nor control characters (a test checks).
void append_member(std::string& out, std::string_view key, std::string_view value) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":\"";
  out += value;
  out += '"';
}

}  // namespace

std::string catalogue_table() {
  std::array<std::size_t, kColumns> width{};
  const auto widen = [&](const Line& line) {
    for (std::size_t i = 0; i < kColumns; ++i) width[i] = std::max(width[i], line[i].size());
  };
  widen(kTitles);
  for (const FamilyInfo& info : catalogue()) widen(line_of(info));
  std::string out;
  const auto print = [&](const Line& line) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      out += line[i];
      out.append(width[i] - line[i].size() + 2, ' ');
    }
    out += line.back();
    out += '\n';
  };
  print(kTitles);
  for (const FamilyInfo& info : catalogue()) print(line_of(info));
  return out;
}

std::string catalogue_json() {
  std::string out = "[";
  for (const FamilyInfo& info : catalogue()) {
    if (out.size() > 1) out += ',';
    out += "\n{";
    append_member(out, "name", info.name);
    append_member(out, "type", name_of(info.type));
    append_member(out, "unit", info.unit);
    append_member(out, "group", group_word(info.group));
    out += ",\"labels\":[";
    for (std::string_view rest = info.labels; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      out += out.back() == '[' ? "\"" : ",\"";
      out += rest.substr(0, comma);
      out += '"';
      rest.remove_prefix(std::min(rest.size(), comma + 1));
    }
    out += ']';
    append_member(out, "help", info.help);
    append_member(out, "v1", info.v1);
    append_member(out, "v2", info.v2);
    append_member(out, "note", info.note);
    append_member(out, "tested", tested_on(info.name));
    out += '}';
  }
  return out + "\n]\n";
}

}  // namespace plimsoll::exporter
