// Go's text/template as far as `docker stats --format` needs it: text with {{actions}} over one
// row's fields. Pure; parse() accepts any bytes.
//
//   {{.Field}}  {{.}}  "text" 12 1.5 true false  {{f a b}}  {{.A | f}}  {{f (g .A) 3}}
//   {{if P}}..{{else if P}}..{{else}}..{{end}}  {{- trims -}}  {{/* comments */}}  \t and \n
// Functions: json lower upper title pad truncate print printf len eq ne lt le gt ge and or not.
// Not offered, and named as such in the error: range, with, define, block, template, variables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::agent {

// A value while a template runs. Numbers and booleans are text too: their kind says how JSON and
// conditions take them. kJson is JSON already.
struct TemplateValue {
  enum class Kind : std::uint8_t { kText, kNumber, kBool, kJson };
  std::string text;
  Kind kind = Kind::kText;
};

// Where the values come from. `json_object` is {{json .}} of the whole row.
struct TemplateData {
  std::function<TemplateValue(std::string_view field)> field;
  std::function<std::string()> json_object;
};

enum class TemplateMode {
  kRow,
  kHeader  // Functions that would change a column's title leave it alone, as docker's do.
};

struct TemplateNode;

class Template {
 public:
  // `known_field` refuses misspelt fields now, not at the first row; `fields_hint` is what the
  // error then offers. kInvalidInput says "column N: ..." (from 1, in bytes of `text` plus
  // `offset`).
  [[nodiscard]] static Result<Template> parse(
      std::string_view text, const std::function<bool(std::string_view)>& known_field,
      std::string_view fields_hint, std::size_t offset = 0);

  [[nodiscard]] std::string render(const TemplateData& data,
                                   TemplateMode mode = TemplateMode::kRow) const;

 private:
  std::shared_ptr<const std::vector<TemplateNode>> nodes_;  // Immutable: copies share it.
};

}  // namespace plimsoll::agent
