#include <algorithm>

#include "agent/stats/raw_fields.h"
#include "agent/stats/render.h"
#include "agent/stats/units.h"

namespace plimsoll::agent {

namespace {

// {"a":..,"b":..}, keys in the order given.
class Object {
 public:
  void member(std::string_view key, std::string_view json) {
    out_ += out_.empty() ? "{" : ",";
    out_ += json_string(key);
    out_ += ':';
    out_ += json;
  }
  std::string finish() && { return out_.empty() ? "{}" : out_ + "}"; }

 private:
  std::string out_;
};

std::string raw_line(const StatsRow& row, const TextStyle& style) {
  Object object;
  for (const RawField& field : raw_fields()) {
    if (!field.always) continue;
    const RawValue value = field.value(row, style);
    if (value.kind == RawValue::Kind::kText) object.member(field.name, json_string(value.text));
    if (value.kind == RawValue::Kind::kNumber) object.member(field.name, value.text);
    if (value.kind == RawValue::Kind::kUnlimited) object.member(field.name, "null");
  }
  return std::move(object).finish();
}

}  // namespace

std::string json_line(const StatsRow& row, const std::vector<const ColumnInfo*>& columns,
                      const TextStyle& style) {
  if (style.numbers == NumberText::kRaw) return raw_line(row, style);
  std::vector<std::string_view> names = {"Container"};
  for (const std::string_view key : default_columns()) names.push_back(find_column(key)->field);
  for (const ColumnInfo* column : columns) names.push_back(column->field);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  Object object;
  for (const std::string_view name : names)
    object.member(name, json_string(find_field(name)->value(row, style).text));
  return std::move(object).finish();
}

}  // namespace plimsoll::agent
