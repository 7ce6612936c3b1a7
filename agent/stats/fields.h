// What a row can say: every template field, every column, every sort key, once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "agent/stats/row.h"
#include "agent/stats/template.h"

namespace plimsoll::agent {

enum class IdText { kShort, kFull };
enum class NumberText {
  kUnits,  // "1.5MiB", "12.35%"
  kRaw     // Bytes and percents as plain numbers.
};

struct TextStyle {
  IdText ids = IdText::kShort;
  NumberText numbers = NumberText::kUnits;
  WallTime now;  // The frame's time: {{.Time}}, and what {{.AvgCPU}} counts to.
};

// A placeholder of --format: docker's nine, podman's numeric ones, ours.
struct FieldInfo {
  std::string_view name;    // "CPUPerc"
  std::string_view header;  // "CPU %"
  TemplateValue (*value)(const StatsRow& row, const TextStyle& style);
};
[[nodiscard]] std::span<const FieldInfo> fields();
[[nodiscard]] const FieldInfo* find_field(std::string_view name);

// A word of --columns.
struct ColumnInfo {
  std::string_view key;    // "cpu"
  std::string_view field;  // "CPUPerc"
  std::string_view help;
};
[[nodiscard]] std::span<const ColumnInfo> columns();
[[nodiscard]] const ColumnInfo* find_column(std::string_view key);
// docker's eight.
[[nodiscard]] std::span<const std::string_view> default_columns();

// A word of --sort. Absent values stand last, whichever the direction.
using SortValue = std::variant<std::monostate, double, std::string>;
struct SortKey {
  std::string_view key;
  SortValue (*value)(const StatsRow& row);
};
[[nodiscard]] std::span<const SortKey> sort_keys();
[[nodiscard]] const SortKey* find_sort_key(std::string_view key);

// "a b c" of a table's keys or names, for error messages.
template <class Table, class Member>
[[nodiscard]] std::string words_of(const Table& table, Member member) {
  std::string words;
  for (const auto& entry : table) {
    if (!words.empty()) words += ' ';
    words += entry.*member;
  }
  return words;
}

// Cut to docker's 12; what is no hex id (a unit, a path) shows that it was cut.
[[nodiscard]] std::string short_id(std::string_view id);

}  // namespace plimsoll::agent
